// Makes the command one file: dist/bin/main.cjs has all of bin/, gateway/, grpc-core/ and of the packages that they use, each evaluated when it is first asked for,
// and dist/bin/sluice.js loads it. 942 files were most of a start; docs/performance.md has the numbers.
import { chmodSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import { build } from 'esbuild';

/** What stays a package of its own: it has machine code beside it. */
const EXTERNAL = ['classic-level'];

const MIT = readFileSync(new URL('mit.txt', import.meta.url), 'utf8');
/** Packages that say a licence and bring no text of it. */
const WITHOUT_TEXT = {
  '@bufbuild/protobuf':
    'Copyright 2021-2026 Buf Technologies, Inc.\nApache License, Version 2.0: the text is LICENSE of this package. BSD-3-Clause, Copyright 2008 Google Inc.: the text is in NOTICE.',
  'abstract-logging': `Copyright (c) 2009-2026 James Sumners\n\n${MIT}`,
};

/** Around main.cjs: it is a module where Node loads it, and the value of a script where `bin/load-bundle.ts` does. */
const PARAMETERS = 'exports, require, module, __filename, __dirname';
const BEFORE = `(typeof module === 'object' ? (load) => load(${PARAMETERS}) : (load) => load)(function (${PARAMETERS}) {
const urlOf = (path) => new URL(path, require('node:url').pathToFileURL(__filename)).href;`;
const AFTER = '})';

/** Bundles the project in `root` into the folder `bin` of `out`, with the licences of all that is in it. */
export async function bundleCommand(root, out) {
  const folder = join(root, out, 'bin');
  const common = {
    absWorkingDir: root,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node20.19',
    // Positions of our sources and of packages, for who asks Node for them; the sources themselves are where they always are.
    sourcesContent: false,
    // They have non-ASCII letters, and are in LICENSES.txt.
    legalComments: 'none',
    logLevel: 'warning',
    logOverride: { 'require-resolve-not-external': 'silent' },
  };
  const { metafile } = await build({
    ...common,
    entryPoints: ['bin/main.ts'],
    outfile: join(folder, 'main.cjs'),
    external: EXTERNAL,
    sourcemap: 'linked',
    metafile: true,
    // Packages are looked for by the bundle itself.
    supported: { 'dynamic-import': false },
    banner: { js: BEFORE },
    footer: { js: AFTER },
    plugins: [places(root)],
  });
  await build({
    ...common,
    entryPoints: ['bin/launch.ts'],
    outfile: join(folder, 'sluice.js'),
    banner: { js: '#!/usr/bin/env node' },
  });
  writeFileSync(join(folder, 'package.json'), `${JSON.stringify({ type: 'commonjs' })}\n`);
  chmodSync(join(folder, 'sluice.js'), 0o755);
  // It is read as bytes of one letter each, which takes half of the memory and of the time. Only comments have others.
  const file = join(folder, 'main.cjs');
  const text = readFileSync(file, 'utf8').replaceAll(/^\s*\/\/.*$/gm, (line) =>
    line.replaceAll(/[^\0-\x7f]/g, '?'),
  );
  if (/[^\0-\x7f]/.test(text)) throw new Error('main.cjs has other letters than those of ASCII');
  writeFileSync(file, text);
  writeFileSync(join(folder, 'LICENSES.txt'), licencesOf(root, packagesOf(metafile)));
}

/** Each module goes on to see itself where it would lie unbundled: files of ours, and those that packages bring, are found from there. */
function places(root) {
  return {
    name: 'places',
    setup({ onLoad }) {
      onLoad({ filter: /\.ts$/ }, ({ path }) => {
        const text = readFileSync(path, 'utf8');
        if (!text.includes('import.meta.url') || path.includes('node_modules')) return undefined;
        const built = relative(root, path).split(sep).join('/').replace(/\.ts$/, '.js');
        return {
          contents: text.replaceAll('import.meta.url', `urlOf(${JSON.stringify(`../${built}`)})`),
          loader: 'ts',
        };
      });
      onLoad({ filter: /node_modules\/.*\.[cm]?js$/ }, ({ path }) => {
        const text = readFileSync(path, 'utf8');
        // Positions in what is installed; its authors' sources are not.
        const contents = text.replace(/^\/\/# sourceMappingURL=.*$/m, '');
        const [, name, rest] = /node_modules\/(@grpc\/grpc-js)\/(.*)$/.exec(path.split(sep).join('/')) ?? [];
        if (name === undefined) return { contents, loader: 'js' };
        const folder = `require('node:path').join(require.resolve('${name}/package.json'), ${JSON.stringify(`../${dirname(rest)}`)})`;
        return { contents: contents.replaceAll('__dirname', `(${folder})`), loader: 'js' };
      });
    },
  };
}

/** The licence texts of packages, as they came. Throws where one has none, because then it may not be in the bundle. */
function licencesOf(root, folders) {
  const texts = folders.map((folder) => {
    const { name, version, license } = JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8'));
    const files = readdirSync(join(root, folder)).filter((file) => /^(?:licen[cs]e|notice)/i.test(file));
    const known =
      files.length > 0
        ? files.map((file) => readFileSync(join(root, folder, file), 'utf8'))
        : [WITHOUT_TEXT[name]];
    if (known.includes(undefined))
      throw new Error(`${name} ${version} has no licence text, so it cannot be in the bundle`);
    return `${name} ${version}, ${license}\n\n${known.map((text) => text.trim()).join('\n\n')}\n`;
  });
  return `The packages that are in main.cjs beside this file, and their licences.\n\n${texts.join(`\n${'-'.repeat(80)}\n\n`)}`;
}

/** The packages in the bundle, by the paths of their folders. */
function packagesOf({ inputs }) {
  const folders = Object.keys(inputs).map((path) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path)?.[0]);
  return [...new Set(folders)].filter((path) => path !== undefined).sort();
}
