// Builds what `npm start` and the package need: JavaScript in dist/, the browser files beside it,
// and the descriptor set of our own protos. Run by `npm ci` (prepare) and before `npm start` and `npm test`: it does nothing when dist/ is what it
// would make. `npm run build -- --force` builds in any case.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { digestOfInputs, isUpToDate, stamp } from './build-digest.mjs';
import { cacheCode } from './code-cache.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const require = createRequire(import.meta.url);

/** Runs a package's own command file with this Node, so no shell or PATH is involved. */
function run(packageName, command, args) {
  const manifestFile = require.resolve(`${packageName}/package.json`);
  const { bin } = require(manifestFile);
  const file = join(dirname(manifestFile), typeof bin === 'string' ? bin : bin[command]);
  execFileSync(process.execPath, [file, ...args], { cwd: root, stdio: 'inherit' });
}

if (!existsSync(join(root, 'node_modules', '@typescript', 'native'))) {
  // `npm ci --omit=dev` runs prepare as well: there the image brings dist/ along.
  console.error('build: development dependencies are not installed, dist/ is left as it is');
  process.exit(0);
}
// Before the build reads them: what changes meanwhile makes the next build.
const inputs = digestOfInputs(root);
if (!process.argv.includes('--force') && isUpToDate(root, 'dist', inputs)) process.exit(0);
// Into a folder of its own, put in place at the end: whoever runs from dist/ meanwhile keeps a whole one.
const OUT = 'dist.new';
rmSync(join(root, OUT), { recursive: true, force: true });
mkdirSync(join(root, OUT, 'proto'), { recursive: true });
run('@typescript/native', 'tsc', ['-p', 'tsconfig.build.json', '--outDir', OUT]);
run('@typescript/native', 'tsc', ['-p', 'clients/tsconfig.json', '--outDir', `${OUT}/clients`]);
// What the core serves by reflection: its services and all that they import, nothing else of proto/.
const served = ['streaming.proto', 'grpc', 'google/rpc'].flatMap((path) => ['--path', `proto/${path}`]);
run('@bufbuild/buf', 'buf', [
  'build',
  '--as-file-descriptor-set',
  ...served,
  '-o',
  `${OUT}/proto/sluice.binpb`,
]);
renameSync(join(root, OUT, 'bin'), join(root, OUT, 'command'));
if (existsSync(join(root, 'node_modules', 'esbuild'))) {
  const { bundleCommand } = await import('./bundle.mjs');
  await bundleCommand(root, OUT);
  const { bundleClient, bundlePage, copyScenes } = await import('./bundle-client.mjs');
  await bundleClient(root, join(root, OUT));
  await bundlePage(root, join(root, OUT));
  await copyScenes(root, join(root, OUT));
} else {
  // A tree whose modules are older than its package.json works, and starts slowly.
  console.error(
    'build: esbuild is not installed (npm ci does that), so the command and the browser client stay in many files, and the page does not work',
  );
  mkdirSync(join(root, OUT, 'bin'));
  writeFileSync(join(root, OUT, 'bin', 'package.json'), '{"type":"commonjs"}\n');
  writeFileSync(
    join(root, OUT, 'bin', 'sluice.js'),
    "#!/usr/bin/env node\nimport('../command/sluice.js');\n",
    { mode: 0o755 },
  );
}
rmSync(join(root, 'dist.old'), { recursive: true, force: true });
if (existsSync(join(root, 'dist'))) renameSync(join(root, 'dist'), join(root, 'dist.old'));
renameSync(join(root, OUT), join(root, 'dist'));
rmSync(join(root, 'dist.old'), { recursive: true, force: true });
// In its place, because the core looks there for its descriptors.
if (existsSync(join(root, 'dist', 'bin', 'main.cjs'))) await cacheCode(join(root, 'dist'));
stamp(root, 'dist', inputs);
