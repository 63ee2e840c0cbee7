import { cp, mkdir, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { status } from '@grpc/grpc-js';
import { ClassicLevel } from 'classic-level';
import fc from 'fast-check';
import t, { type Test } from 'tap';
import { openEmbeddedStore, type Store } from '../../../grpc-core/store/index.js';
import { temporaryFolder } from '../core-fixture.js';

const logs = ['data', 'chat.room', 'logs'];
const recordCount = 40;
const keys = ['one', 'two'];
const bytes = (name: string, n: number) => Buffer.from(`${name} ${n} ${'x'.repeat((n * 37) % 500)}.`);

/** A folder with records and values, the older half in a table, the newer in LevelDB's log. */
async function filledFolder(t: Test): Promise<string> {
  const directory = join(await temporaryFolder(t), 'store');
  for (const half of [0, 1]) {
    const store = await openEmbeddedStore({ directory });
    for (const name of logs) {
      for (let n = 1; n <= recordCount / 2; n += 1)
        await store.log(name).append(bytes(name, half * (recordCount / 2) + n));
    }
    for (const key of keys) await store.map('values').compareAndSet(key, bytes(key, half), half);
    await store.close();
  }
  return directory;
}

/** What became of a store: every part of it is as it was, or says that it is damaged. */
async function assertTold(t: Test, directory: string, hint: string): Promise<number> {
  let store: Store;
  try {
    store = await openEmbeddedStore({ directory });
  } catch (error) {
    t.match(error, { message: /^(the store in .* is damaged: .*|.* is not a store: .*)/ }, hint);
    return 1;
  }
  let told = 0;
  const wholeOrTold = async (what: string, read: () => Promise<boolean>) => {
    try {
      if (!(await read())) t.fail(`${hint}: ${what} is not what was stored`);
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === status.DATA_LOSS)) throw error;
      told += 1;
    }
  };
  for (const name of logs) {
    await wholeOrTold(name, async () => {
      const found = await store.log(name).read(0, 2 * recordCount);
      return (
        found.length === recordCount &&
        found.every(({ sequence, data }, i) => sequence === i + 1 && bytes(name, i + 1).equals(data))
      );
    });
  }
  for (const key of keys) {
    await wholeOrTold(key, async () => {
      const found = await store.map('values').get(key);
      // A value that cannot be found is one that was never set, which is why only what can be made again is in a map.
      return found === undefined || (found.revision === 2 && bytes(key, 1).equals(found.value));
    });
  }
  await store.close();
  return told;
}

t.test('a store without damage says nothing', async (t) => {
  t.equal(await assertTold(t, await filledFolder(t), 'whole'), 0);
});

t.test('whatever changes in a stored record or value is DATA_LOSS, and never served', async (t) => {
  const directory = await filledFolder(t);
  const stored = new ClassicLevel<string, Uint8Array>(directory, { valueEncoding: 'view' });
  const entries = await stored.iterator().all();
  await stored.close();
  const damages: Readonly<Record<string, (value: Buffer, at: number, bit: number) => Uint8Array>> = {
    flip: (value, at, bit) => value.fill((value[at] ?? 0) ^ (1 << bit), at, at + 1),
    cut: (value, at) => value.subarray(0, at),
    grow: (value) => Buffer.concat([value, Buffer.alloc(1)]),
    empty: () => Buffer.alloc(0),
  };
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...Object.keys(damages)),
      fc.nat(entries.length - 1),
      fc.nat(10_000),
      fc.nat(7),
      async (kind, index, place, bit) => {
        const [key, value] = entries[index] ?? ['', Buffer.alloc(1)];
        const level = new ClassicLevel<string, Uint8Array>(directory, { valueEncoding: 'view' });
        const changed = damages[kind]?.(Buffer.from(value), place % value.byteLength, bit) ?? value;
        await level.put(key, changed);
        await level.close();
        const told = await assertTold(t, directory, `${kind} ${key}`);
        if (told !== 1) t.fail(`${kind} in ${key}: told ${told} times`);
        const mended = new ClassicLevel<string, Uint8Array>(directory, { valueEncoding: 'view' });
        await mended.put(key, value);
        await mended.close();
      },
    ),
    { numRuns: 60 },
  );
});

t.test('a record under the key of another, and one that is gone between others, is DATA_LOSS', async (t) => {
  const directory = await filledFolder(t);
  const level = new ClassicLevel<string, Uint8Array>(directory, { valueEncoding: 'view' });
  const found = await level.iterator({ gt: 'L!data!', lt: 'L!data!~' }).all();
  await level.put(found[4]?.[0] ?? '', found[5]?.[1] ?? Buffer.alloc(0));
  const other = await level.keys({ gt: 'L!logs!', lt: 'L!logs!~' }).all();
  await level.del(other[20] ?? '');
  await level.close();
  const store = await openEmbeddedStore({ directory });
  t.teardown(() => store.close());
  const lost = { name: 'CoreError', code: status.DATA_LOSS };
  await t.rejects(store.log('data').read(0, 100), lost);
  t.equal((await store.log('data').read(5, 100)).length, recordCount - 5, 'behind it, the log goes on');
  await t.rejects(store.log('logs').read(0, 100), lost);
  await t.rejects(store.log('logs').read(20, 1), lost);
  t.equal((await store.log('logs').read(21, 1))[0]?.sequence, 22);
});

for (const where of ['a log', 'tables'])
  t.test(`a bit that flips in a file of a store in ${where} is told, or does no harm`, async (t) => {
    const whole = await filledFolder(t);
    if (where === 'tables') await (await openEmbeddedStore({ directory: whole })).close();
    const base = await temporaryFolder(t);
    const files = (await readdir(whole)).filter((name) => !/^(LOCK|LOG|LOG\.old)$/.test(name));
    let round = 0;
    let told = 0;
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...files), fc.nat(1_000_000), fc.nat(7), async (name, place, bit) => {
        const directory = join(base, String(++round));
        await cp(whole, directory, { recursive: true });
        const content = await readFile(join(directory, name));
        if (content.byteLength === 0) return;
        const at = place % content.byteLength;
        content[at] = (content[at] ?? 0) ^ (1 << bit);
        await writeFile(join(directory, name), content);
        told += (await assertTold(t, directory, `${name}, byte ${at}, bit ${bit}`)) > 0 ? 1 : 0;
        await rm(directory, { recursive: true });
      }),
      { numRuns: 100 },
    );
    t.ok(told > 30, `${told} of ${round} were told`);
  });

const losses: Readonly<Record<string, (directory: string, names: readonly string[]) => Promise<void>>> = {
  'its CURRENT is missing': (directory) => rm(join(directory, 'CURRENT')),
  'its CURRENT is empty': (directory) => truncate(join(directory, 'CURRENT'), 0),
  'its CURRENT is cut': (directory) => truncate(join(directory, 'CURRENT'), 10),
  'its CURRENT names another file': (directory) => writeFile(join(directory, 'CURRENT'), 'MANIFEST-000999\n'),
  'its CURRENT is no text': (directory) => writeFile(join(directory, 'CURRENT'), Buffer.alloc(20, 0xff)),
  'its MANIFEST is missing': (directory, names) => each(directory, names, /^MANIFEST/, rm),
  'its MANIFEST is empty': (directory, names) =>
    each(directory, names, /^MANIFEST/, (file) => truncate(file, 0)),
  'its MANIFEST is cut': (directory, names) =>
    each(directory, names, /^MANIFEST/, (file) => truncate(file, 9)),
  'its tables are missing': (directory, names) => each(directory, names, /ldb$/, rm),
  'its log is missing': (directory, names) => each(directory, names, /log$/, rm),
  'only its tables are left': (directory, names) => each(directory, names, /^[A-Z]/, rm),
  'its first record is overwritten': (directory, names) =>
    each(directory, names, /log$/, async (file) => {
      const content = await readFile(file);
      await writeFile(file, content.fill(0, 0, 100));
    }),
};

async function each(
  directory: string,
  names: readonly string[],
  which: RegExp,
  change: (file: string) => Promise<void>,
): Promise<void> {
  for (const name of names.filter((name) => which.test(name))) await change(join(directory, name));
}

for (const [name, lose] of Object.entries(losses)) {
  t.test(`a store does not begin empty when ${name}`, async (t) => {
    const directory = await filledFolder(t);
    await lose(directory, await readdir(directory));
    const before = (await readdir(directory)).filter((name) => !name.startsWith('LO'));
    await t.rejects(openEmbeddedStore({ directory }), {
      message: new RegExp(
        `^the store in ${directory} is damaged: [^\\n]+ move it away to begin with an empty store$`,
      ),
    });
    const after = (await readdir(directory)).filter((name) => !name.startsWith('LO'));
    t.strictSame(after, before, 'nothing is made or removed');
  });
}

t.test('a folder that is no store is not made one', async (t) => {
  const directory = await temporaryFolder(t);
  await writeFile(join(directory, 'letter.txt'), 'dear');
  await t.rejects(openEmbeddedStore({ directory }), {
    message: /is not a store: it has a file "letter.txt"/,
  });
  t.strictSame(await readdir(directory), ['letter.txt']);
});

t.test('a store whose first start was killed begins', async (t) => {
  for (const names of [
    [],
    ['LOCK'],
    ['LOCK', 'LOG', 'MANIFEST-000001'],
    ['LOCK', 'MANIFEST-000001', '000001.dbtmp'],
  ]) {
    const directory = await temporaryFolder(t);
    for (const name of names) await writeFile(join(directory, name), '');
    const store = await openEmbeddedStore({ directory });
    t.equal(await store.log('a').append(Buffer.from('x')), 1);
    await store.close();
  }
});

t.test('a process that was killed within a record, and a power failure, are no damage', async (t) => {
  const whole = await filledFolder(t);
  const name = (await readdir(whole)).find((name) => name.endsWith('.log')) ?? '';
  const content = await readFile(join(whole, name));
  const base = await temporaryFolder(t);
  for (const [hint, end] of [
    ['cut', content.subarray(0, content.byteLength - 3)],
    ['cut in a header', content.subarray(0, content.byteLength - bytes('logs', recordCount).byteLength - 40)],
    ['zeros at the end', Buffer.concat([content.subarray(0, -2), Buffer.alloc(2)])],
    ['zeros behind', Buffer.concat([content, Buffer.alloc(70_000)])],
  ] as const) {
    const directory = join(base, hint);
    await cp(whole, directory, { recursive: true });
    await writeFile(join(directory, name), end);
    // A table that was just being written.
    await writeFile(join(directory, '000099.ldb'), content.subarray(0, 5000));
    const store = await openEmbeddedStore({ directory });
    t.equal((await store.log('data').read(0, 100)).length, recordCount, hint);
    await store.close();
  }
});

t.test('records and values of before there were checksums are read as they are', async (t) => {
  const directory = await temporaryFolder(t);
  const old = new ClassicLevel<string, Uint8Array>(directory, { valueEncoding: 'view' });
  for (let n = 1; n <= 5; n += 1)
    await old.put(`l!a!${String(n).padStart(16, '0')}`, Buffer.from(`old ${n}`));
  await old.put('m!m!key', Buffer.concat([Buffer.from([0, 0, 0, 0, 0, 0, 0, 7]), Buffer.from('old')]));
  await old.close();
  for (const retain of [{}, { a: 4 }, { a: 2 }]) {
    const store = await openEmbeddedStore({ directory, retain });
    const log = store.log('a');
    const last = await log.last();
    t.equal(await log.append(Buffer.from('new')), last + 1);
    const texts = (await log.read(0, 100)).map(({ sequence, data }) => [
      sequence,
      Buffer.from(data).toString(),
    ]);
    const most = Object.values(retain)[0] ?? 100;
    const expected = Array.from({ length: last + 1 }, (_, i) => [i + 1, i < 5 ? `old ${i + 1}` : 'new']);
    t.strictSame(texts, expected.slice(-most));
    t.strictSame(
      (await log.read(4, 2)).map(({ sequence }) => sequence),
      last >= 7 ? [7, 8] : [5, 6],
    );
    const map = store.map('m');
    const found = await map.get('key');
    const revision = found?.revision ?? 0;
    t.equal(Buffer.from(found?.value ?? []).toString(), revision === 7 ? 'old' : 'new');
    t.equal(await map.compareAndSet('key', Buffer.from('new'), revision), revision + 1);
    await store.close();
  }
});

t.test('a store in a place that cannot be used is one clear error', async (t) => {
  const base = await temporaryFolder(t);
  await writeFile(join(base, 'file'), '');
  await mkdir(join(base, 'folder', 'CURRENT'), { recursive: true });
  await t.rejects(openEmbeddedStore({ directory: join(base, 'file') }), { message: /^[^\n]+file/ });
  await t.rejects(openEmbeddedStore({ directory: join(base, 'folder') }), { message: /^[^\n]+folder/ });
});
