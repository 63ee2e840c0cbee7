import { readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';

/** What a module may ask about where it is: answered with its source, whatever file its code stands in. */
function ofSource(path) {
  return {
    'import.meta.url': pathToFileURL(path).href,
    'import.meta.dirname': dirname(path),
    'import.meta.filename': path,
  };
}

/** Puts in the place of `import.meta.url` and its kind what they are in the source. */
const whereTheSourceIs = {
  name: 'where-the-source-is',
  setup({ onLoad }) {
    onLoad({ filter: /\.m?[jt]s$/ }, ({ path }) => {
      if (path.includes('node_modules')) return undefined;
      let contents = readFileSync(path, 'utf8');
      for (const [name, value] of Object.entries(ofSource(path))) {
        contents = contents.replaceAll(name, () => JSON.stringify(value));
      }
      return { contents, loader: /\.m?ts$/.test(path) ? 'ts' : 'js' };
    });
  },
};

/**
 * Makes JavaScript of test files and of all of our modules that they import, into `folder`: one file for each test, and the modules that
 * several of them share in files of their own. Packages stay where they are. So a test starts without a loader and without seven hundred
 * files, which cost more than most tests themselves. Made anew for each run, in a second or two: never stale.
 * Resolves with the path of the JavaScript for each test file.
 */
export async function bundleTests(root, files, folder) {
  await build({
    entryPoints: files,
    absWorkingDir: root,
    outbase: root,
    outdir: folder,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    splitting: true,
    // Of classes as well, which are told apart by theirs.
    keepNames: true,
    packages: 'external',
    format: 'esm',
    platform: 'node',
    target: 'node20',
    sourcemap: 'linked',
    sourcesContent: false,
    logLevel: 'warning',
    plugins: [whereTheSourceIs],
  });
  return (file) => `${folder}/${file.replace(/\.m?[jt]s$/, '.mjs')}`;
}
