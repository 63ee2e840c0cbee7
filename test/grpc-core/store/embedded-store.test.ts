import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { logName, openEmbeddedStore } from '../../../grpc-core/store/index.js';
import { temporaryFolder } from '../core-fixture.js';
import { storeContract } from './store-contract.js';

storeContract('embedded', async (t) => {
  const directory = await temporaryFolder(t);
  let store = await openEmbeddedStore({ directory });
  t.teardown(() => store.close());
  return {
    store,
    async reopen() {
      await store.close();
      store = await openEmbeddedStore({ directory });
      return store;
    },
  };
});

const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url));

t.test('nothing acknowledged is lost when the process is killed', async (t) => {
  const directory = await temporaryFolder(t);
  let before = 0;
  for (let round = 0; round < 3; round += 1) {
    const child = spawn(
      process.execPath,
      ['--import', path('../../support/typescript/register.mjs'), path('./appender.ts'), directory],
      {
        stdio: ['ignore', 'pipe', 'inherit'],
      },
    );
    t.teardown(() => child.kill('SIGKILL'));
    const exited = once(child, 'exit');
    let acknowledged = 0;
    const lines = createInterface({ input: child.stdout });
    for await (const line of lines) {
      acknowledged = Number(line);
      // In the middle of the next group, not between two.
      if (acknowledged >= before + 300) child.kill('SIGKILL');
    }
    // The kernel closes its output before it gives the lock of the store back.
    await exited;
    const store = await openEmbeddedStore({ directory });
    const last = await store.log('a').last();
    t.ok(acknowledged > before && last >= acknowledged, `${acknowledged} acknowledged, ${last} found`);
    const records = await store.log('a').read(0, last + 10);
    t.strictSame(
      records.map(({ sequence }) => sequence),
      Array.from({ length: last }, (_, i) => i + 1),
    );
    t.ok(records.every(({ data }) => /^(\d)\1{99}$/.test(Buffer.from(data).toString())));
    before = await store.log('a').append(Buffer.from('0'.repeat(100)));
    t.equal(before, last + 1);
    await store.close();
  }
});

t.test('a store that another process has open is one clear error', async (t) => {
  const directory = await temporaryFolder(t);
  const store = await openEmbeddedStore({ directory });
  t.teardown(() => store.close());
  await t.rejects(openEmbeddedStore({ directory }), {
    message: `the store in ${directory} is in use by another process`,
  });
});

t.test('a folder that cannot be used is one clear error', async (t) => {
  const folder = await temporaryFolder(t);
  const file = join(folder, 'file');
  await writeFile(file, '');
  await t.rejects(openEmbeddedStore({ directory: join(file, 'store') }), /file/);
  if (process.getuid?.() !== 0) {
    const closed = join(folder, 'closed');
    await mkdir(closed);
    await chmod(closed, 0o500);
    await t.rejects(openEmbeddedStore({ directory: closed }), /cannot open the store in/);
  }
});

t.test('a log that retains a number of records forgets the oldest', async (t) => {
  const directory = await temporaryFolder(t);
  const open = (count: number) => openEmbeddedStore({ directory, retain: { a: count } });
  let store = await open(100);
  for (let i = 0; i < 250; i += 1) await store.log('a').append(Buffer.from(`${i}`));
  for (let i = 0; i < 150; i += 1) await store.log('b').append(Buffer.from(`${i}`));
  const kept = async () => (await store.log('a').read(0, 1000)).map(({ sequence }) => sequence);
  t.equal((await kept())[0], 151, 'in memory as on disk');
  await store.close();
  store = await open(100);
  t.strictSame(
    await kept(),
    Array.from({ length: 100 }, (_, i) => i + 151),
  );
  t.equal((await store.log('b').read(0, 1000)).length, 150, 'other logs keep everything');
  await store.close();
  store = await open(10);
  t.teardown(() => store.close());
  t.strictSame(
    await kept(),
    Array.from({ length: 10 }, (_, i) => i + 241),
    'a smaller number holds from the next start',
  );
  t.equal(await store.log('a').append(Buffer.from('x')), 251);
  await t.rejects(openEmbeddedStore({ directory, retain: { a: 0 } }), RangeError);
});

t.test('thousands of logs may be open, and none forgets where it is', async (t) => {
  const store = await openEmbeddedStore({ directory: await temporaryFolder(t) });
  t.teardown(() => store.close());
  const stop = new AbortController();
  const follower = store.log('log0').follow(1, stop.signal)[Symbol.asyncIterator]();
  const next = follower.next();
  for (let round = 1; round <= 2; round += 1) {
    for (let i = 0; i < 1500; i += 1) {
      const sequence = await store.log(`log${i}`).append(Buffer.from('x'));
      if (sequence !== round) t.fail(`log${i} gave ${sequence} in round ${round}`);
    }
  }
  t.match(await next, { value: { sequence: 2 } }, 'a log with a follower is not forgotten');
  stop.abort();
});

t.test('logName encodes every text differently, within the store’s alphabet', async (t) => {
  const texts = [
    '',
    'a',
    'a_b',
    'a/b',
    '..',
    'ä',
    'a_2fb',
    '_',
    '_empty',
    '_h',
    'x'.repeat(200),
    'x'.repeat(201),
    '/'.repeat(100),
    '😀',
    '__proto__',
  ];
  const names = texts.map(logName);
  t.equal(new Set(names).size, texts.length);
  t.ok(names.every((name) => /^[a-zA-Z0-9._-]{1,200}$/.test(name)));
  t.equal(logName('room-1'), 'room-1');
});
