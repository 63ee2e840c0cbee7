import { execFileSync } from 'node:child_process';
import { createWriteStream, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { MAX_FILE_BYTES, readBounded } from '../../../bin/options/read-file.js';

/** Named pipes in a folder of the test: `testdir` makes the folder anew each time, so it is called once. */
const fifos = (t: Test, names: readonly string[]) => {
  const dir = t.testdir({});
  return names.map((name) => {
    const path = join(dir, name);
    execFileSync('mkfifo', [path]);
    return path;
  });
};

t.test('a file is read whole; a folder and a missing file are refused', async (t) => {
  const dir = t.testdir({ empty: '' });
  const big = Buffer.alloc(200_000, 'ab');
  writeFileSync(join(dir, 'big'), big);
  t.ok(big.equals(await readBounded(join(dir, 'big'))));
  t.equal((await readBounded(join(dir, 'empty'))).length, 0);
  await t.rejects(readBounded(dir), { code: 'EISDIR' });
  await t.rejects(readBounded(join(dir, 'none')), { code: 'ENOENT' });
});

t.test('what has no end is refused, and takes no more memory than the bound', async (t) => {
  await t.rejects(readBounded('/dev/zero'), { message: `longer than ${MAX_FILE_BYTES} bytes` });
});

t.test('a pipe is read to its end, also when its writer comes late', async (t) => {
  const [path = ''] = fifos(t, ['late']);
  const reading = readBounded(path);
  const writer = createWriteStream(path);
  writer.write('gateway:', () => writer.end(' {}'));
  t.equal(String(await reading), 'gateway: {}');
});

t.test('a pipe without a writer is given up, and one whose writer says nothing', async (t) => {
  const [unwritten = '', path = ''] = fifos(t, ['unwritten', 'silent']);
  const alone = readBounded(unwritten);
  const silent = readBounded(path);
  const writer = createWriteStream(path);
  writer.write('gateway:');
  t.teardown(() => void writer.destroy());
  await Promise.all([
    t.rejects(alone, /nothing came for 5 seconds/),
    t.rejects(silent, /nothing came for 5 seconds/),
  ]);
});
