// Tells whether dist/ is what a build would make now: it holds a digest of everything that a build reads, and of what it has made.
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** What a build reads, below the root: a new input of scripts/build.mjs belongs here. */
const INPUTS = [
  'bin',
  'clients',
  'gateway',
  'grpc-core',
  'proto',
  'scripts/build.mjs',
  'scripts/build-digest.mjs',
  'scripts/bundle.mjs',
  'scripts/bundle-client.mjs',
  'scripts/code-cache.mjs',
  'scripts/mit.txt',
  'buf.yaml',
  'package.json',
  'tsconfig.json',
  'tsconfig.build.json',
  // The compilers, as they are installed, and the types that they read.
  'node_modules/.package-lock.json',
];

const STAMP = '.digest.json';

/** The digest of all that a build of the project in `root` reads, and of the Node that builds: compiled code is for that one. */
export function digestOfInputs(root) {
  return `${digestOf(root, INPUTS)} ${process.version}-${process.arch}`;
}

/** Whether the folder `out` was made from these inputs, and is still as it was made. */
export function isUpToDate(root, out, inputs) {
  const file = join(root, out, STAMP);
  if (!existsSync(file)) return false;
  try {
    const made = JSON.parse(readFileSync(file, 'utf8'));
    return made.inputs === inputs && made.outputs === digestOf(join(root, out), ['.']);
  } catch {
    return false;
  }
}

/** Writes down what `out` was made from, and what it is. */
export function stamp(root, out, inputs) {
  const outputs = digestOf(join(root, out), ['.']);
  writeFileSync(join(root, out, STAMP), JSON.stringify({ inputs, outputs }));
}

function digestOf(root, paths) {
  const hash = createHash('sha256');
  for (const path of paths) add(hash, root, path);
  return hash.digest('hex');
}

/** Names with lengths, so that no two trees give the same bytes. */
function add(hash, root, path) {
  const file = join(root, path);
  const found = statSync(file, { throwIfNoEntry: false });
  if (found === undefined) hash.update(`none ${path}\n`);
  else if (found.isDirectory()) {
    const names = readdirSync(file).filter((name) => name !== STAMP);
    hash.update(`folder ${path} ${names.length}\n`);
    for (const name of names.sort()) add(hash, root, join(path, name));
  } else {
    const bytes = readFileSync(file);
    hash.update(`file ${path} ${found.mode & 0o111} ${bytes.length}\n`).update(bytes);
  }
}
