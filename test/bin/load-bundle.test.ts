import { execFileSync } from 'node:child_process';
import { appendFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { Script } from 'node:vm';
import t, { type Test } from 'tap';
import {
  CACHED_COMMANDS,
  checkedCode,
  codeCacheFile,
  codeInFile,
  loadBundle,
} from '../../bin/load-bundle.js';
import { COMMAND } from '../support/process.js';

const load = createRequire(import.meta.url);
// The test runner has them on, and then Node loads everything itself.
process.setSourceMapsEnabled(false);

/** In the form that the build gives to `main.cjs`. Only Node's own loader gives a module an id. */
const MAIN = `(typeof module === 'object' ? (load) => load(exports, require, module, __filename, __dirname) : (load) => load)(
function (exports, require, module, __filename, __dirname) {
exports.byNode = module.id !== undefined;
exports.file = __filename;
exports.folder = __dirname;
exports.separator = require('node:path').sep;
})`;

const COMPILE = `const { readFileSync, writeFileSync } = require('node:fs');
writeFileSync(process.argv[2], new (require('node:vm').Script)(readFileSync(process.argv[1], 'latin1')).createCachedData());`;
let texts = 0;

function bundle(t: Test): { readonly folder: string; readonly cache: string } {
  // Each has another text, and another process compiles it: here V8 would know it already, and not look at the file.
  texts += 1;
  const folder = t.testdir({ 'main.cjs': `${MAIN}/* ${texts} */` });
  const cache = codeCacheFile(folder, 'gateway');
  execFileSync(process.execPath, ['-e', COMPILE, join(folder, 'main.cjs'), cache], { env: {} });
  writeFileSync(cache, checkedCode(readFileSync(cache)));
  return { folder, cache };
}

t.test('compiled code is used where this Node made it', (t) => {
  const { folder } = bundle(t);
  const file = join(folder, 'main.cjs');
  t.same(loadBundle(load, folder, 'gateway'), { byNode: false, file, folder, separator: '/' });
  t.match(loadBundle(load, folder, '--help'), { byNode: false }, 'other lines use the same');
  t.end();
});

t.test('without it, or with what V8 refuses, the bundle is loaded as any module', (t) => {
  const damages: [name: string, bytes: (whole: Buffer) => Buffer][] = [
    ['empty', () => Buffer.alloc(0)],
    ['cut', (whole) => whole.subarray(0, 40)],
    ['shorter than a checksum', (whole) => whole.subarray(0, 3)],
    ['without its end', (whole) => whole.subarray(0, -1)],
    ['of another V8', (whole) => checkedCode(Buffer.concat([Buffer.alloc(16, 7), whole.subarray(16, -4)]))],
    ...[16, 40, 60, 80, 99].map((percent): [string, (whole: Buffer) => Buffer] => [
      `with another bit at ${percent} %`,
      (whole) => {
        const at = Math.floor(((whole.length - 1) * percent) / 100);
        return whole.fill(whole.readUInt8(at) ^ 4, at, at + 1);
      },
    ]),
  ];
  for (const [name, damaged] of damages) {
    const { folder, cache } = bundle(t);
    writeFileSync(cache, damaged(readFileSync(cache)));
    t.match(loadBundle(load, folder, 'gateway'), { byNode: true, folder }, name);
  }
  const { folder } = bundle(t);
  t.match(loadBundle(load, folder, 'core'), { byNode: true, folder }, 'no file');
  // Root may read everything, but no folder as a file.
  mkdirSync(codeCacheFile(folder, 'start'));
  t.match(loadBundle(load, folder, 'start'), { byNode: true, folder }, 'a file that cannot be read');
  t.end();
});

t.test('code of another text is refused', (t) => {
  const { folder } = bundle(t);
  appendFileSync(join(folder, 'main.cjs'), '\n');
  t.match(loadBundle(load, folder, 'gateway'), { byNode: true });
  t.end();
});

t.test('who asks Node for positions of sources gets them', (t) => {
  const { folder } = bundle(t);
  process.setSourceMapsEnabled(true);
  t.teardown(() => process.setSourceMapsEnabled(false));
  t.match(loadBundle(load, folder, 'gateway'), { byNode: true });
  t.end();
});

t.test('the build made code for each command, and V8 takes it', (t) => {
  const folder = dirname(COMMAND);
  const source = readFileSync(join(folder, 'main.cjs'), 'latin1');
  for (const command of CACHED_COMMANDS) {
    const cache = codeCacheFile(folder, command);
    t.ok(existsSync(cache), command);
    const cachedData = codeInFile(readFileSync(cache));
    t.not(cachedData, undefined, 'its checksum is right');
    t.equal(new Script(source, { cachedData }).cachedDataRejected, false, command);
  }
  t.end();
});

t.test('every package in the bundle is there with its licence', (t) => {
  const folder = dirname(COMMAND);
  const { sources } = JSON.parse(readFileSync(join(folder, 'main.cjs.map'), 'utf8')) as { sources: string[] };
  const packages = new Set(
    sources.map((path) => /node_modules\/((?:@[^/]+\/)?[^/]+)\/(?!.*node_modules\/)/.exec(path)?.[1]),
  );
  t.ok(packages.size > 40);
  const licences = readFileSync(join(folder, 'LICENSES.txt'), 'utf8');
  for (const name of packages) if (name !== undefined) t.match(licences, `\n${name} `, name);
  t.notMatch(licences, 'classic-level', 'what is not in it is not named');
  t.end();
});

t.test('the positions lead to our sources', (t) => {
  const folder = dirname(COMMAND);
  const { sources } = JSON.parse(readFileSync(join(folder, 'main.cjs.map'), 'utf8')) as { sources: string[] };
  t.ok(sources.includes('../../gateway/server/gateway.ts'));
  for (const source of sources.filter((path) => path.endsWith('.ts'))) {
    if (!existsSync(join(folder, source))) t.fail(source);
  }
  t.end();
});
