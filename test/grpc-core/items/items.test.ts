import { setImmediate as turn } from 'node:timers/promises';
import { status } from '@grpc/grpc-js';
import t from 'tap';
import { dataHandlers, openDataLog, SEED_COUNT, type Work } from '../../../grpc-core/items/index.js';
import { openEmbeddedStore, type Store } from '../../../grpc-core/store/index.js';
import type { StreamData__Output } from '../../../proto/types/streaming/StreamData.js';
import { settled } from '../../support/http.js';
import { quiet } from '../../support/quiet.js';
import { startCore, temporaryFolder, until } from '../core-fixture.js';
import { type Served, serveHandlers, statusOf } from '../rpc/rpc-fixture.js';

const methods = ['GetDataStream', 'ControlledStream', 'BufferedStream'] as const;
const numbers = (from: number, to: number): number[] =>
  Array.from({ length: to - from + 1 }, (_, i) => from + i);

interface Items extends Served {
  readonly store: Store;
  /** Appends so many items to the log. */
  readonly append: (count: number) => Promise<void>;
}

/** The three streams on a log that grows only when the test says so. */
async function openItems(
  t: Parameters<typeof serveHandlers>[0],
  options: { work?: Work; batchWaitMs?: number } = {},
): Promise<Items> {
  const store = await openEmbeddedStore({ directory: await temporaryFolder(t) });
  t.teardown(() => store.close());
  const log = store.log('data');
  const append = async (count: number): Promise<void> => {
    await Promise.all(Array.from({ length: count }, (_, i) => log.append(Buffer.from(`item ${i}`))));
  };
  return { ...(await serveHandlers(t, dataHandlers({ log, ...options }))), store, append };
}

/** What a stream has given so far. */
function collect(served: Served, method: (typeof methods)[number], start_from_id: number) {
  const items: StreamData__Output[] = [];
  const call = served.client[method]({ start_from_id });
  const ending = statusOf(call);
  call.on('data', (item: StreamData__Output) => items.push(item));
  return { call, items, ending, ids: () => items.map(({ id }) => id) };
}

t.test('a fresh core has a thousand items, then more come, and none is lost over restarts', async (t) => {
  const dataDir = await temporaryFolder(t);
  let after = 0;
  for (let round = 0; round < 3; round += 1) {
    const { client, core } = await startCore(t, { dataDir, dataIntervalMs: 1 });
    const call = client.GetDataStream({ start_from_id: after });
    call.on('error', () => {});
    let count = 0;
    for await (const { id, data } of call) {
      if (id !== after + 1 || data !== `item ${id}`) t.fail(`${data} with id ${id} after ${after}`);
      after = id;
      count += 1;
      if (after > SEED_COUNT && count > 20) break;
    }
    call.cancel();
    await core.close();
  }
  t.ok(after > SEED_COUNT + 40);
});

t.test('producers that share a log do not double an item', async (t) => {
  const store = await openEmbeddedStore({ directory: await temporaryFolder(t) });
  t.teardown(() => store.close());
  const onError = (error: unknown): void => {
    t.fail(String(error));
  };
  const logs = await Promise.all([1, 2, 3].map(() => openDataLog({ store, intervalMs: 1, onError })));
  const log = logs[0]?.log;
  if (log === undefined) throw new Error('no log');
  await until(async () => (await log.last()) >= SEED_COUNT + 30);
  await Promise.all(logs.map((each) => each.close()));
  const records = await log.read(0, 10_000);
  t.ok(records.every(({ sequence, data }) => Buffer.from(data).toString() === `item ${sequence}`));
  const last = await log.last();
  await quiet();
  t.equal(await log.last(), last, 'a closed producer produces nothing');
});

t.test('a producer that cannot store says so once, and goes on when it can', async (t) => {
  const store = await openEmbeddedStore({ directory: await temporaryFolder(t) });
  t.teardown(() => store.close());
  let fail = false;
  let failures = 0;
  const failing: Store = {
    ...store,
    log: (name) => ({
      ...store.log(name),
      async append(data, expectedLast) {
        if (!fail) return store.log(name).append(data, expectedLast);
        failures += 1;
        throw new Error('disk full');
      },
    }),
  };
  const errors: unknown[] = [];
  const data = await openDataLog({ store: failing, intervalMs: 1, onError: (error) => errors.push(error) });
  fail = true;
  await until(() => failures >= 5);
  fail = false;
  t.equal(errors.length, 1);
  const last = await data.log.last();
  await until(async () => (await data.log.last()) >= last + 3);
  await data.close();
});

for (const method of methods) {
  t.test(`${method} refuses a start that cannot be`, async (t) => {
    const served = await openItems(t);
    await served.append(10);
    t.match(await collect(served, method, -1).ending, {
      code: status.INVALID_ARGUMENT,
      details: 'start_from_id: must not be negative',
    });
    t.match(await collect(served, method, 11).ending, {
      code: status.OUT_OF_RANGE,
      details: 'start_from_id: 11 is beyond the newest id, 10',
    });
    await until(() => served.calls.running === 0);
  });

  t.test(`${method} at the newest item waits for the next`, async (t) => {
    const served = await openItems(t, { batchWaitMs: 20 });
    await served.append(10);
    const { call, ids } = collect(served, method, 10);
    await quiet();
    t.strictSame(ids(), []);
    await served.append(2);
    await until(() => ids().length === 2);
    t.strictSame(ids(), [11, 12]);
    call.cancel();
    await until(() => served.calls.running === 0);
  });
}

t.test('GetDataStream gives each item once, to all', async (t) => {
  const served = await openItems(t);
  await served.append(300);
  const streams = [0, 100, 299].map((start) => ({ start, ...collect(served, 'GetDataStream', start) }));
  await served.append(300);
  for (const { start, ids, call } of streams) {
    await until(() => ids().length === 600 - start);
    t.strictSame(ids(), numbers(start + 1, 600));
    call.cancel();
  }
  await until(() => served.calls.running === 0);
});

t.test('ControlledStream gives the next hundred in order, waits for missing ones, and ends', async (t) => {
  const served = await openItems(t, {
    // The later ones are ready first.
    work: async ({ sequence }) => {
      for (let turns = 10 - (sequence % 10); turns > 0; turns -= 1) await turn();
      return { id: sequence };
    },
  });
  await served.append(150);
  const whole = collect(served, 'ControlledStream', 20);
  t.equal((await whole.ending).code, status.OK);
  t.strictSame(whole.ids(), numbers(21, 120));
  const partly = collect(served, 'ControlledStream', 100);
  await until(() => partly.items.length === 50);
  await served.append(70);
  t.equal((await partly.ending).code, status.OK);
  t.strictSame(partly.ids(), numbers(101, 200));
});

t.test('ControlledStream works on at most ten at once, and stops with its reader', async (t) => {
  let started = 0;
  let inWork = 0;
  let most = 0;
  const served = await openItems(t, {
    work: async ({ sequence }) => {
      started += 1;
      inWork += 1;
      most = Math.max(most, inWork);
      await turn();
      inWork -= 1;
      // Large enough that only a few fit between the handler and a reader that has stopped.
      return { id: sequence, data: 'x'.repeat(200_000) };
    },
  });
  await served.append(100);
  const call = served.client.ControlledStream({});
  const ending = statusOf(call);
  const first = await new Promise<StreamData__Output>((resolve) => {
    call.once('data', (item) => {
      call.pause();
      resolve(item);
    });
  });
  t.equal(first.id, 1);
  await settled(() => started);
  // 16 in the client's Readable, one in the window, one in the writer, ten in work.
  t.ok(started <= 1 + 16 + 4 + 10, `${started} started`);
  const ids = [first.id];
  call.on('data', ({ id }) => ids.push(id));
  call.resume();
  t.equal((await ending).code, status.OK);
  t.strictSame(ids, numbers(1, 100));
  t.equal(most, 10);
});

t.test('ControlledStream ends with the failure of an item, after those before it', async (t) => {
  const served = await openItems(t, {
    work: async ({ sequence }) => {
      if (sequence === 8) throw new Error('secret');
      for (let turns = 0; turns < 5; turns += 1) await turn();
      return { id: sequence };
    },
  });
  await served.append(100);
  const { ending, ids } = collect(served, 'ControlledStream', 0);
  t.match(await ending, { code: status.INTERNAL, details: 'internal error' });
  t.strictSame(ids(), numbers(1, 7));
});

t.test('BufferedStream sends a hundred at once, and what there is when the time is over', async (t) => {
  const patient = await openItems(t, { batchWaitMs: 3_600_000 });
  await patient.append(250);
  const { call, ids } = collect(patient, 'BufferedStream', 0);
  await until(() => ids().length >= 200);
  await quiet();
  t.equal(ids().length, 200, 'the third batch is not full and not over');
  await patient.append(150);
  await until(() => ids().length === 400);
  t.strictSame(ids(), numbers(1, 400));
  call.cancel();
  await until(() => patient.calls.running === 0);

  const hasty = await openItems(t, { batchWaitMs: 150 });
  await hasty.append(250);
  const { call: other, ids: gone } = collect(hasty, 'BufferedStream', 0);
  await until(() => gone().length === 250);
  await hasty.append(10);
  await until(() => gone().length === 260);
  t.strictSame(gone(), numbers(1, 260));
  other.cancel();
  await until(() => hasty.calls.running === 0);
});

t.test('a start that is no longer kept is OUT_OF_RANGE, never a hole', async (t) => {
  const { client, calls } = await (async () => {
    const store = await openEmbeddedStore({ directory: await temporaryFolder(t), retain: { data: 50 } });
    t.teardown(() => store.close());
    const log = store.log('data');
    for (let i = 0; i < 120; i += 1) await log.append(Buffer.from('x'));
    return serveHandlers(t, dataHandlers({ log }));
  })();
  t.match(await statusOf(client.GetDataStream({ start_from_id: 20 }).resume()), {
    code: status.OUT_OF_RANGE,
    details: 'start_from_id: what follows 20 is no longer kept, the oldest id is 71',
  });
  const call = client.GetDataStream({ start_from_id: 0 });
  call.on('error', () => {});
  const first = await new Promise<StreamData__Output>((resolve) => call.once('data', resolve));
  t.equal(first.id, 71);
  call.cancel();
  await until(() => calls.running === 0);
});
