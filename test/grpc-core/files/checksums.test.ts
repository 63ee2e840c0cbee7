import {
  appendFile,
  link,
  mkdir,
  open,
  readdir,
  readFile,
  rename,
  rm,
  truncate,
  writeFile,
} from 'node:fs/promises';
import { join } from 'node:path';
import { status } from '@grpc/grpc-js';
import fc from 'fast-check';
import t from 'tap';
import { all, type Chunk, type Files, openFiles, someBytes } from './files-fixture.js';

const lost = { name: 'CoreError', code: status.DATA_LOSS, message: /^file_path: .* checksum/ };

async function downloaded(files: Files, path: string, chunkSize = 0): Promise<Buffer> {
  const chunks = await all(files.download(path, chunkSize));
  return Buffer.concat(chunks.map(({ data }) => data ?? Buffer.alloc(0)));
}

/** Changes a byte in place, as a disk does that fails. */
async function flip(file: string, at: number, bit: number): Promise<void> {
  const handle = await open(file, 'r+');
  const { buffer } = await handle.read(Buffer.alloc(1), 0, 1, at);
  await handle.write(Buffer.from([(buffer[0] ?? 0) ^ (1 << bit)]), 0, 1, at);
  await handle.close();
}

t.test('a bit that flips in an uploaded file is DATA_LOSS, and no byte of its block is served', async (t) => {
  const files = await openFiles(t);
  const file = join(files.dataDir, 'file');
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(1, 100, 65_535, 65_536, 65_537, 200_000, 300_001),
      fc.constantFrom(0, 7, 1000, 65_536, 100_000, 1_048_576),
      fc.nat(),
      fc.nat(7),
      async (size, chunkSize, place, bit) => {
        if (chunkSize === 7 && size > 100_000) return;
        const content = someBytes(size);
        const at = place % size;
        await files.upload([{ data: content, file_path: 'file' }]);
        t.ok((await downloaded(files, 'file', chunkSize)).equals(content));
        await flip(file, at, bit);
        const served: Chunk[] = [];
        const chunks = files.download('file', chunkSize);
        await t.rejects(async () => {
          for (let next = await chunks.next(); next.done !== true; next = await chunks.next())
            served.push(next.value);
        }, lost);
        const before = Buffer.concat(served.map(({ data }) => data ?? Buffer.alloc(0)));
        t.ok(
          before.byteLength <= at - (at % 65_536),
          `${before.byteLength} of ${size} were served, byte ${at} is wrong`,
        );
        t.ok(before.equals(content.subarray(0, before.byteLength)));
        t.ok(served.every(({ is_last }) => !is_last));
      },
    ),
    { numRuns: 40 },
  );
});

t.test('an uploaded file that is cut, made longer or written over in place is DATA_LOSS', async (t) => {
  const files = await openFiles(t);
  const file = join(files.dataDir, 'file');
  for (const change of [
    () => truncate(file, 10),
    () => truncate(file, 0),
    () => appendFile(file, 'x'),
    () => writeFile(file, someBytes(100_000)),
  ]) {
    await files.upload([{ data: someBytes(100_000), file_path: 'file' }]);
    await change();
    await t.rejects(downloaded(files, 'file'), lost);
  }
  const content = someBytes(100_000);
  await files.upload([{ data: content, file_path: 'file' }]);
  t.ok((await downloaded(files, 'file')).equals(content), 'until it is uploaded again');
});

t.test('what happens to the checksums is told, or does no harm', async (t) => {
  const files = await openFiles(t);
  const folder = join(files.dataDir, '.sluice', 'checksums');
  const content = someBytes(300_000);
  await files.upload([{ data: content, file_path: 'file' }]);
  const [name = ''] = await readdir(folder);
  const sums = await readFile(join(folder, name));
  for (let at = 0; at < sums.byteLength; at += 1) {
    await flip(join(folder, name), at, at % 8);
    await t.rejects(downloaded(files, 'file'), lost, `byte ${at}`);
    await flip(join(folder, name), at, at % 8);
  }
  for (const length of [0, 1, 19, 20, sums.byteLength - 1]) {
    await writeFile(join(folder, name), sums.subarray(0, length));
    await t.rejects(downloaded(files, 'file'), lost, `cut to ${length}`);
  }
  await rm(join(folder, name));
  t.ok(
    (await downloaded(files, 'file')).equals(content),
    'without them it is like a file that somebody put there',
  );
});

t.test('a file that somebody puts there has no checksum, also in the place of an uploaded one', async (t) => {
  const files = await openFiles(t);
  const at = (name: string) => join(files.dataDir, name);
  await writeFile(at('hand'), 'by hand');
  t.equal((await downloaded(files, 'hand')).toString(), 'by hand');
  await appendFile(at('hand'), ', and more');
  t.equal((await downloaded(files, 'hand')).toString(), 'by hand, and more');
  await files.upload([{ data: Buffer.from('uploaded'), file_path: 'file' }]);
  await rename(at('hand'), at('file'));
  t.equal((await downloaded(files, 'file')).toString(), 'by hand, and more');
  await files.upload([{ data: Buffer.from('uploaded'), file_path: 'other' }]);
  await rm(at('other'));
  await writeFile(at('other'), 'made anew, perhaps under the same number');
  t.match((await downloaded(files, 'other')).toString(), /^made anew/);
});

t.test('a file keeps its checksums under other names', async (t) => {
  const files = await openFiles(t);
  const at = (name: string) => join(files.dataDir, name);
  await files.upload([{ data: Buffer.from('uploaded'), file_path: 'a/file' }]);
  await rename(at('a'), at('b'));
  await link(at('b/file'), at('hard'));
  await flip(at('b/file'), 3, 1);
  for (const path of ['b/file', 'hard']) await t.rejects(downloaded(files, path), lost);
});

t.test('an upload that fails, and a file that is replaced, leave no checksums', async (t) => {
  const files = await openFiles(t, { maxBytes: 100 });
  const sums = () => readdir(join(files.dataDir, '.sluice', 'checksums'));
  await t.rejects(files.upload([{ data: Buffer.alloc(101), file_path: 'x' }]));
  async function* placeTaken(): AsyncGenerator<Chunk> {
    yield { data: Buffer.from('x'), file_path: 'taken' };
    await mkdir(join(files.dataDir, 'taken'));
  }
  await t.rejects(files.upload(placeTaken()), { code: status.INVALID_ARGUMENT });
  t.strictSame(await sums(), []);
  for (let n = 0; n < 3; n += 1) await files.upload([{ data: Buffer.from(`${n}`), file_path: 'file' }]);
  t.equal((await sums()).length, 1);
  t.equal((await downloaded(files, 'file')).toString(), '2');
});
