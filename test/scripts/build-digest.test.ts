import { appendFileSync, chmodSync, cpSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import t from 'tap';

const module = fileURLToPath(new URL('../../scripts/build-digest.mjs', import.meta.url));
const { digestOfInputs, isUpToDate, stamp } = (await import(module)) as {
  digestOfInputs(root: string): string;
  isUpToDate(root: string, out: string, inputs: string): boolean;
  stamp(root: string, out: string, inputs: string): void;
};

t.test('a build is up to date only while nothing that it reads or has made has changed', async (t) => {
  const root = t.testdir({
    bin: { 'sluice.ts': 'a' },
    gateway: { server: { 'a.ts': 'a', 'b.ts': 'b' } },
    proto: { 'x.proto': 'x' },
    clients: { playground: { 'page.css': 'p' } },
    'package.json': '{}',
    'tsconfig.json': '{}',
    node_modules: { '.package-lock.json': '1' },
    test: { 'a.test.ts': 'a' },
    dist: { bin: { 'sluice.js': 'a' } },
  });
  const fresh = () => isUpToDate(root, 'dist', digestOfInputs(root));
  t.notOk(fresh(), 'nothing is known of it');
  stamp(root, 'dist', digestOfInputs(root));
  t.ok(fresh());
  writeFileSync(join(root, 'test/a.test.ts'), 'b');
  t.ok(fresh(), 'a build does not read tests');
  const changes: [what: string, change: () => void][] = [
    ['a source', () => appendFileSync(join(root, 'gateway/server/a.ts'), ' ')],
    ['a source that is new', () => writeFileSync(join(root, 'gateway/c.ts'), '')],
    ['a source that is gone', () => rmSync(join(root, 'gateway/c.ts'))],
    [
      'a source with another name',
      () => renameSync(join(root, 'gateway/server/b.ts'), join(root, 'gateway/b.ts')),
    ],
    ['a proto', () => writeFileSync(join(root, 'proto/x.proto'), 'y')],
    ['a file of the page', () => writeFileSync(join(root, 'clients/playground/page.css'), 'q')],
    ['package.json', () => writeFileSync(join(root, 'package.json'), '{ }')],
    ['tsconfig.json', () => writeFileSync(join(root, 'tsconfig.json'), '{ }')],
    ['a file that was not there', () => writeFileSync(join(root, 'tsconfig.build.json'), '{}')],
    ['the installed compilers', () => writeFileSync(join(root, 'node_modules/.package-lock.json'), '2')],
    ['the build itself', () => cpSync(module, join(root, 'scripts/build-digest.mjs'))],
    ['what was built', () => writeFileSync(join(root, 'dist/bin/sluice.js'), 'b')],
    ['its mode', () => chmodSync(join(root, 'dist/bin/sluice.js'), 0o755)],
    ['a file that was built and is gone', () => rmSync(join(root, 'dist/bin/sluice.js'))],
  ];
  mkdirSync(join(root, 'scripts'));
  for (const [what, change] of changes) {
    change();
    t.notOk(fresh(), what);
    stamp(root, 'dist', digestOfInputs(root));
    t.ok(fresh(), `after a build with ${what}`);
  }
  writeFileSync(join(root, 'dist/.digest.json'), '{');
  t.notOk(fresh(), 'a stamp that was cut off');
});
