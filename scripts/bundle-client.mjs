// Makes the browser client one file: dist/clients/browser/index.js, minified, with its types and a map of its sources beside it. Pages, applications and
// the package have the same one. Nothing in it does anything when it is loaded, so a bundler leaves out what an application does not import;
// test/clients/browser/size.test.ts holds the sizes.
// The page becomes one file as well, dist/clients/playground/page.js, and one for the charts, which whoever looks at one loads; its sizes are held by
// test/clients/playground/page-size.test.ts.
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';

/**
 * Names that only modules of the client use of each other, long ones and frequent ones: in the file they are short. None of them may be a name of what
 * pages use, of the wire or of the browser, which test/clients/browser/size.test.ts checks.
 */
export const OWN_NAMES = [
  'admitted',
  'baseMs',
  'begin',
  'canResume',
  'clientMetadata',
  'countsBytes',
  'credited',
  'endsWithPage',
  'errorFrom',
  'events',
  'eventsOf',
  'everyMs',
  'failures',
  'forget',
  'fresh',
  'grant',
  'hasIds',
  'hasReceived',
  'hasRoom',
  'hasTimeout',
  'headTimeoutMs',
  'heard',
  'httpUrl',
  'isElsewhere',
  'isFinal',
  'isSingle',
  'leaving',
  'maxMs',
  'mayNeedWebSocket',
  'methodName',
  'nextOpenFrame',
  'onAlive',
  'onAttempt',
  'onClose',
  'onCredit',
  'onDead',
  'onEnd',
  'onGoAway',
  'onLocation',
  'onMessage',
  'onOpened',
  'openSession',
  'openSocket',
  'owner',
  'parser',
  'pool',
  'promise',
  'receive',
  'receiveBytes',
  'receiveCredit',
  'receivedCursor',
  'reconnects',
  'refused',
  'refusedBytes',
  'release',
  'remainingMs',
  'renew',
  'renewToken',
  'renews',
  'reset',
  'sendBytes',
  'sendCredit',
  'sessionUrl',
  'shouldMove',
  'socketUrl',
  'startAttempt',
  'takenCursor',
  'tryTake',
  'unsentBytes',
  'whenRoom',
];

/** Bundles the client of the project in `root` into the folder `clients/browser` of `out`, in place of the modules that are there. */
export async function bundleClient(root, out) {
  const folder = join(out, 'clients', 'browser');
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (entry.isFile() && entry.name.endsWith('.js')) rmSync(join(entry.parentPath, entry.name));
  }
  await build({
    absWorkingDir: root,
    entryPoints: ['clients/browser/index.ts'],
    outfile: join(folder, 'index.js'),
    bundle: true,
    minify: true,
    mangleProps: new RegExp(`^(${OWN_NAMES.join('|')})$`),
    format: 'esm',
    target: 'es2022',
    sourcemap: 'linked',
    logLevel: 'warning',
    plugins: [codesAsNumbers(root)],
  });
}

/** Bundles the page of the project in `root` into the folder `clients/playground` of `out`, in place of what is there, with the files that it needs besides. */
export async function bundlePage(root, out) {
  const source = join(root, 'clients', 'playground');
  const folder = join(out, 'clients', 'playground');
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  for (const name of ['index.html', 'icon.svg']) cpSync(join(source, name), join(folder, name));
  await build({
    absWorkingDir: root,
    entryPoints: ['clients/playground/page.ts', 'clients/playground/page.css'],
    outdir: folder,
    // The charts are a file of their own.
    splitting: true,
    chunkNames: '[name]-[hash]',
    bundle: true,
    minify: true,
    format: 'esm',
    target: 'es2022',
    legalComments: 'none',
    sourcemap: 'linked',
    logLevel: 'warning',
    plugins: [codesAsNumbers(root)],
  });
}

/** Puts the scenes beside the page: their modules stay as they are, for they are examples; their style sheet becomes one file. */
export async function copyScenes(root, out) {
  const source = join(root, 'clients', 'scenes');
  const folder = join(out, 'clients', 'scenes');
  for (const name of readdirSync(source).filter((name) => name.endsWith('.html')))
    cpSync(join(source, name), join(folder, name));
  await build({
    absWorkingDir: root,
    entryPoints: ['clients/scenes/scene.css'],
    outfile: join(folder, 'scene.css'),
    bundle: true,
    minify: true,
    logLevel: 'warning',
  });
}

/** `Code.NOT_FOUND` becomes 5, as the compiler would make it of an enum: a page that does not use `Code` itself need not load it. */
function codesAsNumbers(root) {
  const source = readFileSync(join(root, 'clients', 'browser', 'shared', 'code.ts'), 'utf8');
  const codes = new Map(
    [...source.matchAll(/^ {2}([A-Z_]+): (\d+),$/gm)].map(([, name, code]) => [name, code]),
  );
  return {
    name: 'codes-as-numbers',
    setup({ onLoad }) {
      onLoad({ filter: /\bclients[\\/]browser[\\/].*\.ts$/ }, ({ path }) => ({
        contents: readFileSync(path, 'utf8').replaceAll(
          /\bCode\.([A-Z_]+)\b/g,
          (text, name) => codes.get(name) ?? text,
        ),
        loader: 'ts',
      }));
    },
  };
}
