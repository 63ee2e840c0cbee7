import { createHash } from 'node:crypto';
import { appendFile, mkdir, readdir, readFile, rename, truncate, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { status } from '@grpc/grpc-js';
import fc from 'fast-check';
import t from 'tap';
import { openUploadFolder } from '../../../grpc-core/files/index.js';
import { startCore, until } from '../core-fixture.js';
import { all, type Chunk, openFiles, someBytes } from './files-fixture.js';

t.test('a download is the file in chunks, numbered from 0, and an empty last one', async (t) => {
  const { dataDir, download } = await openFiles(t);
  for (const [size, chunkSize, expected] of [
    [0, 0, []],
    [1, 0, [1]],
    [65_536, 0, [65_536]],
    [65_537, 0, [65_536, 1]],
    [10, 3, [3, 3, 3, 1]],
    [1_048_577, 1_048_576, [1_048_576, 1]],
  ] as const) {
    const content = someBytes(size);
    await writeFile(join(dataDir, 'file'), content);
    const chunks = await all(download('file', chunkSize));
    t.strictSame(
      chunks.map(({ data }) => data?.byteLength),
      [...expected, 0],
    );
    t.strictSame(
      chunks.map(({ chunk_number }) => chunk_number),
      chunks.map((_, i) => i),
    );
    t.strictSame(
      chunks.map(({ is_last }) => is_last),
      [...expected.map(() => false), true],
    );
    t.ok(Buffer.concat(chunks.map(({ data }) => data ?? Buffer.alloc(0))).equals(content));
  }
});

for (const chunkSize of [-1, -2_147_483_648, 1_048_577, 2_147_483_647]) {
  t.test(`a chunk_size of ${chunkSize} is refused`, async (t) => {
    const { dataDir, download } = await openFiles(t);
    await writeFile(join(dataDir, 'file'), 'x');
    await t.rejects(all(download('file', chunkSize)), {
      code: status.INVALID_ARGUMENT,
      message: /^chunk_size: /,
    });
  });
}

for (const [name, change] of [
  ['shrinks', (file: string) => truncate(file, 10)],
  ['is emptied', (file: string) => truncate(file, 0)],
  ['grows', (file: string) => appendFile(file, 'more')],
  [
    'is written over',
    (file: string) => writeFile(file, Buffer.alloc(100, 'b')).then(() => utimes(file, 1, 1)),
  ],
] as const) {
  t.test(`a file that ${name} while it is read is never taken for whole`, async (t) => {
    const { dataDir, download } = await openFiles(t);
    const file = join(dataDir, 'file');
    await writeFile(file, Buffer.alloc(100, 'a'));
    const reading = download('file', 20);
    await reading.next();
    await change(file);
    const rest: Chunk[] = [];
    await t.rejects(
      (async () => {
        for (let next = await reading.next(); next.done !== true; next = await reading.next())
          rest.push(next.value);
      })(),
      { code: status.ABORTED },
    );
    t.ok(rest.every(({ is_last }) => !is_last));
  });
}

t.test('a file that is replaced while it is read comes whole, as it was', async (t) => {
  const { dataDir, download, upload } = await openFiles(t);
  await writeFile(join(dataDir, 'file'), Buffer.alloc(100, 'a'));
  const reading = download('file', 20);
  const first = await reading.next();
  await upload([{ data: Buffer.from('new'), file_path: 'file' }]);
  await writeFile(join(dataDir, 'other'), 'other');
  await rename(join(dataDir, 'other'), join(dataDir, 'file'));
  const chunks = [first.value, ...(await all(reading))];
  t.equal(Buffer.concat(chunks.map(({ data }) => data)).toString(), 'a'.repeat(100));
});

t.test('an upload says what was stored, and it can be downloaded', async (t) => {
  const { dataDir, download, upload, temporary } = await openFiles(t);
  const content = someBytes(200_000);
  const chunks = [0, 1, 2, 3].map((i) => ({
    data: content.subarray(i * 50_000, (i + 1) * 50_000),
    chunk_number: i,
  }));
  const before = Math.floor(Date.now() / 1000);
  const result = await upload([
    { ...chunks[0], file_path: 'a/b/c.bin' },
    ...chunks.slice(1),
    { chunk_number: 4, is_last: true },
  ]);
  t.match(result, {
    file_id: 'a/b/c.bin',
    total_bytes: 200_000,
    checksum: createHash('sha256').update(content).digest('hex'),
    uploaded_at: { seconds: Number, nanos: Number },
  });
  t.ok((result as { uploaded_at: { seconds: number } }).uploaded_at.seconds >= before);
  t.ok((await readFile(join(dataDir, 'a/b/c.bin'))).equals(content));
  const again = await all(download('a/b/c.bin'));
  t.ok(Buffer.concat(again.map(({ data }) => data ?? Buffer.alloc(0))).equals(content));
  t.strictSame(await temporary(), []);
});

t.test('an upload without a path gets one, an upload of nothing is an empty file', async (t) => {
  const { dataDir, upload } = await openFiles(t);
  for (const chunks of [[], [{}], [{ is_last: true }], [{ data: Buffer.from('') }]]) {
    const result = (await upload(chunks)) as { file_id: string };
    t.match(result, { file_id: /^uploads\/[0-9a-f-]{36}$/, total_bytes: 0 });
    t.equal((await readFile(join(dataDir, result.file_id))).byteLength, 0);
  }
  t.equal((await readdir(join(dataDir, 'uploads'))).length, 4);
});

t.test('an existing file is replaced at once, or not at all', async (t) => {
  const { dataDir, upload, temporary } = await openFiles(t, { maxBytes: 10 });
  const file = join(dataDir, 'file');
  await writeFile(file, 'old');
  await upload([
    { data: Buffer.from('new'), file_path: 'file' },
    { data: Buffer.from('er'), file_path: 'file' },
  ]);
  t.equal(await readFile(file, 'utf8'), 'newer');
  await t.rejects(upload([{ data: Buffer.alloc(6), file_path: 'file' }, { data: Buffer.alloc(5) }]), {
    code: status.RESOURCE_EXHAUSTED,
    message: 'data: a file has at most 10 bytes',
  });
  await upload([{ data: Buffer.alloc(10), file_path: 'ten' }]);
  async function* cut(): AsyncGenerator<Chunk> {
    yield { data: Buffer.from('x'), file_path: 'file' };
    throw new Error('the caller has left');
  }
  await t.rejects(upload(cut()), /has left/);
  t.equal(await readFile(file, 'utf8'), 'newer');
  t.strictSame(await temporary(), []);
  t.strictSame((await readdir(dataDir)).sort(), ['.sluice', 'file', 'ten']);
});

for (const [name, numbers, good] of [
  ['from 0', [0, 1, 2, 3], true],
  ['from 1', [1, 2, 3], true],
  ['none', [0, 0, 0, 0], true],
  ['one', [0], true],
  ['from 2', [2, 3], false],
  ['below 0', [-1, 0], false],
  ['with a gap', [0, 1, 3], false],
  ['with a gap after 1', [1, 3], false],
  ['twice the same', [0, 1, 1], false],
  ['backwards', [1, 0], false],
  ['that begin late', [0, 0, 1], false],
  ['that jump', [0, 2], false],
] as const) {
  t.test(`chunks numbered ${name} are ${good ? 'stored' : 'refused'}`, async (t) => {
    const { upload, dataDir } = await openFiles(t);
    const sent = upload(
      numbers.map((chunk_number, i) => ({
        chunk_number,
        data: Buffer.from(`${i}`),
        ...(i === 0 ? { file_path: 'f' } : {}),
      })),
    );
    if (good) {
      await sent;
      t.equal(await readFile(join(dataDir, 'f'), 'utf8'), numbers.map((_, i) => i).join(''));
    } else {
      await t.rejects(sent, { code: status.INVALID_ARGUMENT, message: /^chunk_number: / });
      t.strictSame(await readdir(dataDir), ['.sluice']);
    }
  });
}

for (const [field, chunks] of [
  ['is_last', [{ is_last: true }, {}]],
  ['file_path', [{ file_path: 'a' }, { file_path: 'b' }]],
  ['file_path', [{}, { file_path: 'late' }]],
] as const) {
  t.test(
    `chunks that contradict each other are refused naming ${field}: ${JSON.stringify(chunks)}`,
    async (t) => {
      const { upload, temporary } = await openFiles(t);
      await t.rejects(upload(chunks), { code: status.INVALID_ARGUMENT, message: new RegExp(`^${field}: `) });
      t.strictSame(await temporary(), []);
    },
  );
}

t.test('any content comes back as it went, however it was cut', async (t) => {
  const { upload, download } = await openFiles(t);
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 20 }),
      fc.integer({ min: 1, max: 100 }),
      async (pieces, chunkSize) => {
        const content = Buffer.concat(pieces);
        await upload(pieces.map((data, i) => ({ data: Buffer.from(data), chunk_number: i, file_path: 'f' })));
        const chunks = await all(download('f', chunkSize));
        if (pieces.length > 0)
          t.ok(Buffer.concat(chunks.map(({ data }) => data ?? Buffer.alloc(0))).equals(content));
      },
    ),
    { numRuns: 50, examples: [[[new Uint8Array(1)], 1]] },
  );
});

t.test('what a killed core left is removed at the next start', async (t) => {
  const { dataDir, temporary } = await openFiles(t);
  const folder = join(dataDir, '.sluice', 'uploads');
  await writeFile(join(folder, 'left'), 'over');
  await mkdir(join(folder, 'odd'));
  await openUploadFolder(folder);
  t.strictSame(await temporary(), []);
});

t.test('a caller that leaves during an upload leaves no file, and no call', async (t) => {
  const { client, core, dataDir } = await startCore(t);
  const temporary = join(dataDir, '.sluice', 'uploads');
  const call = client.UploadFile(() => {});
  call.write({ data: Buffer.alloc(1000), file_path: 'file' });
  await until(() => core.runningCalls === 1);
  await until(async () => (await readdir(temporary)).length > 0);
  call.cancel();
  await until(() => core.runningCalls === 0);
  t.strictSame(await readdir(temporary), []);
  t.strictSame((await readdir(dataDir)).sort(), ['.sluice', 'examples']);
});

t.test('a part of an upload is never taken for the whole, whenever the caller leaves', async (t) => {
  const { client, core, dataDir } = await startCore(t);
  for (let n = 0; n < 60; n += 1) {
    const call = client.UploadFile(() => {});
    call.write({ data: Buffer.alloc(10), file_path: `part-${n}` });
    await new Promise((resolve) => setImmediate(resolve));
    if (n % 3 === 0) await until(() => core.runningCalls > 0);
    // Never in the same turn: grpc-js would not tell the core at all.
    else for (let turns = 0; turns < n; turns += 1) await new Promise((resolve) => setImmediate(resolve));
    call.cancel();
  }
  await until(() => core.runningCalls === 0);
  t.strictSame((await readdir(dataDir)).sort(), ['.sluice', 'examples']);
});

t.test('a caller that leaves during a download leaves no open file', async (t) => {
  const { client, core, dataDir } = await startCore(t);
  await writeFile(join(dataDir, 'big'), Buffer.alloc(20_000_000));
  const open = async () => {
    const names = await readdir('/proc/self/fd').catch(() => []);
    const targets = await Promise.all(names.map((name) => readlinkOr(`/proc/self/fd/${name}`)));
    return targets.filter((target) => target.endsWith('/big')).length;
  };
  const call = client.DownloadFile({ file_path: 'big' });
  call.on('error', () => {});
  await new Promise<void>((resolve) => {
    call.once('data', () => {
      call.pause();
      resolve();
    });
  });
  if (process.platform === 'linux') t.equal(await open(), 1);
  call.cancel();
  await until(() => core.runningCalls === 0);
  t.equal(await open(), 0);
});

async function readlinkOr(path: string): Promise<string> {
  const { readlink } = await import('node:fs/promises');
  return readlink(path).catch(() => '');
}
