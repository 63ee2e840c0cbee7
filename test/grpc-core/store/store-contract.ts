import { getEventListeners } from 'node:events';
import fc from 'fast-check';
import type { Test } from 'tap';
import t from 'tap';
import { type LogRecord, type Store, StoreConflict } from '../../../grpc-core/store/index.js';
import { quiet } from '../../support/quiet.js';

/** Opens an empty store, or the same one again; whoever opens it in the suite closes it. */
export type OpenStore = (t: Test) => Promise<{
  readonly store: Store;
  /** Closes the store and opens it again with the same content. */
  readonly reopen: () => Promise<Store>;
}>;

const text = (data: Uint8Array): string => Buffer.from(data).toString();
const data = (value: unknown): Uint8Array => Buffer.from(String(value));

/** What every store promises. */
export function storeContract(name: string, openStore: OpenStore): void {
  t.test(`${name}: a log counts from 1, without a gap`, async (t) => {
    const { store } = await openStore(t);
    const log = store.log('a');
    t.equal(await log.last(), 0);
    t.strictSame(await log.read(0, 10), []);
    t.equal(await log.append(data('x')), 1);
    t.equal(await log.append(data('y')), 2);
    t.equal(await log.last(), 2);
    t.equal(await store.log('b').last(), 0, 'logs are apart');
    t.equal(await store.log('a').last(), 2, 'a log is known by its name');
    t.strictSame(pairs(await log.read(0, 10)), [
      [1, 'x'],
      [2, 'y'],
    ]);
  });

  t.test(`${name}: names that are prefixes of each other are different logs`, async (t) => {
    const { store } = await openStore(t);
    for (const logName of ['a', 'a.', 'a.b', 'ab', 'A', '0', '-'])
      await store.log(logName).append(data(logName));
    for (const logName of ['a', 'a.', 'a.b', 'ab', 'A', '0', '-']) {
      t.strictSame(pairs(await store.log(logName).read(0, 10)), [[1, logName]]);
    }
    for (const bad of ['', 'a/b', 'a b', 'ä', 'a!', 'x'.repeat(201)])
      t.throws(() => store.log(bad), RangeError);
  });

  t.test(`${name}: appends at the same time get different numbers, and each reads back`, async (t) => {
    const { store } = await openStore(t);
    const log = store.log('a');
    const numbers = await Promise.all(Array.from({ length: 1000 }, (_, i) => log.append(data(i))));
    t.strictSame(
      [...numbers].sort((a, b) => a - b),
      Array.from({ length: 1000 }, (_, i) => i + 1),
    );
    const read = new Map(pairs(await log.read(0, 2000)));
    t.ok(numbers.every((number, i) => read.get(number) === String(i)));
  });

  t.test(`${name}: the caller may reuse its buffer`, async (t) => {
    const { store } = await openStore(t);
    const buffer = Buffer.from('first');
    const appended = store.log('a').append(buffer);
    buffer.write('WRONG');
    await appended;
    buffer.write('again');
    t.strictSame(pairs(await store.log('a').read(0, 1)), [[1, 'first']]);
  });

  t.test(`${name}: an append that expects another end changes nothing`, async (t) => {
    const { store } = await openStore(t);
    const log = store.log('a');
    t.equal(await log.append(data('x'), 0), 1);
    await t.rejects(log.append(data('y'), 0), StoreConflict);
    await t.rejects(log.append(data('y'), 2), StoreConflict);
    t.equal(await log.append(data('y'), 1), 2);
    const rivals = await Promise.allSettled(Array.from({ length: 20 }, (_, i) => log.append(data(i), 2)));
    t.equal(rivals.filter(({ status }) => status === 'fulfilled').length, 1, 'one of many wins');
    t.equal(await log.last(), 3);
  });

  t.test(`${name}: a read gives what was asked for, wherever it begins`, async (t) => {
    const { reopen, store } = await openStore(t);
    const count = 700;
    await Promise.all(Array.from({ length: count }, (_, i) => store.log('a').append(data(i + 1))));
    for (const source of [store, undefined]) {
      const log = (source ?? (await reopen())).log('a');
      await fc.assert(
        fc.asyncProperty(fc.nat(count + 5), fc.integer({ min: 1, max: count + 5 }), async (after, limit) => {
          const expected = Array.from({ length: count }, (_, i) => i + 1).slice(after, after + limit);
          t.strictSame(
            pairs(await log.read(after, limit)),
            expected.map((number) => [number, String(number)]),
          );
        }),
        { numRuns: 40 },
      );
      for (const [after, limit] of [
        [-1, 1],
        [0, 0],
        [0.5, 1],
        [Number.NaN, 1],
      ] as const) {
        await t.rejects(log.read(after, limit), RangeError);
      }
    }
  });

  t.test(`${name}: a follower gets what there is, then what comes, and ends with its signal`, async (t) => {
    const { store } = await openStore(t);
    const log = store.log('a');
    for (let i = 1; i <= 250; i += 1) await log.append(data(i));
    const stop = new AbortController();
    const seen: number[] = [];
    const following = (async () => {
      for await (const { sequence } of log.follow(100, stop.signal)) {
        seen.push(sequence);
        if (sequence === 300) stop.abort();
      }
    })();
    for (let i = 251; i <= 400; i += 1) await log.append(data(i));
    await following;
    t.strictSame(
      seen,
      Array.from({ length: 200 }, (_, i) => i + 101),
    );
    t.equal(getEventListeners(stop.signal, 'abort').length, 0);
  });

  t.test(
    `${name}: a follower that waits ends at once with its signal, and before the first record`,
    async (t) => {
      const { store } = await openStore(t);
      const stop = new AbortController();
      const waiting = store.log('a').follow(0, stop.signal)[Symbol.asyncIterator]();
      const next = waiting.next();
      await store.log('b').append(data('elsewhere'));
      stop.abort();
      t.strictSame(await next, { done: true, value: undefined });
      const late = store.log('a').follow(0, stop.signal)[Symbol.asyncIterator]();
      t.strictSame(await late.next(), { done: true, value: undefined });
      t.equal(getEventListeners(stop.signal, 'abort').length, 0);
    },
  );

  t.test(`${name}: hundreds of followers see the same, slow ones too`, async (t) => {
    const { store } = await openStore(t);
    const log = store.log('a');
    const last = 500;
    const followers = Array.from({ length: 300 }, async (_, i) => {
      const seen: number[] = [];
      for await (const { sequence } of log.follow(0, new AbortController().signal)) {
        seen.push(sequence);
        // Some fall behind what is kept in memory.
        if (i % 100 === 0 && sequence === 1) await quiet(200);
        if (sequence === last) return seen;
      }
      return seen;
    });
    for (let i = 1; i <= last; i += 1) await log.append(data(i));
    const expected = Array.from({ length: last }, (_, i) => i + 1);
    const all = await Promise.all(followers);
    t.equal(all.filter((seen) => JSON.stringify(seen) === JSON.stringify(expected)).length, 300);
  });

  t.test(`${name}: a map sets a key only from the revision that is there`, async (t) => {
    const { store, reopen } = await openStore(t);
    const map = store.map('m');
    t.equal(await map.get('k'), undefined);
    const first = await map.compareAndSet('k', data('one'), 0);
    await t.rejects(map.compareAndSet('k', data('two'), 0), StoreConflict);
    const rivals = await Promise.allSettled(
      Array.from({ length: 20 }, (_, i) => map.compareAndSet('k', data(i), first)),
    );
    t.equal(rivals.filter(({ status }) => status === 'fulfilled').length, 1);
    const now = await map.get('k');
    t.ok(now !== undefined && now.revision > first);
    await map.compareAndSet('', data('empty key'), 0);
    await map.compareAndSet('__proto__', new Uint8Array(0), 0);
    const again = (await reopen()).map('m');
    t.strictSame(await again.get('k'), now);
    t.equal(text((await again.get(''))?.value ?? data('?')), 'empty key');
    t.equal((await again.get('__proto__'))?.value.byteLength, 0);
    t.equal(
      await store
        .map('n')
        .get('k')
        .catch(() => undefined),
      undefined,
      'maps are apart',
    );
  });

  t.test(`${name}: closing ends followers and keeps what was appended`, async (t) => {
    const { store, reopen } = await openStore(t);
    const log = store.log('a');
    const never = new AbortController();
    const following = (async () => {
      let count = 0;
      for await (const _record of log.follow(0, never.signal)) count += 1;
      return count;
    })();
    const appended = Promise.all(Array.from({ length: 50 }, (_, i) => log.append(data(i))));
    await appended;
    const again = await reopen();
    t.ok((await following) <= 50);
    t.equal(await again.log('a').last(), 50);
    t.equal(await again.log('a').append(data('next')), 51);
    await t.rejects(log.append(data('late')), 'a closed store takes nothing');
  });
}

function pairs(records: readonly LogRecord[]): Array<[number, string]> {
  return records.map(({ sequence, data }) => [sequence, text(data)]);
}
