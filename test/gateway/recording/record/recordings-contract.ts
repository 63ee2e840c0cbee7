import assert from 'node:assert/strict';
import type { Test } from 'tap';
import type { Reader } from '../../../../gateway/recording/record/reader.js';
import type { Method } from '../../../../gateway/schema/index.js';
import { RpcError } from '../../../../gateway/status/index.js';
import type { Batch } from '../../../../gateway/upstream/index.js';
import {
  FakeCall,
  type FakeGateway,
  fakeMethods,
  type fakeRecordings,
  numbered,
  numberOf,
  requestOf,
  seen,
  settled,
  type Told,
} from './fake-service.js';

/** Where recordings are made, and where they are looked for: the same gateway, or two that share them. What they tell is told together. */
export interface Gateways extends Told {
  readonly one: FakeGateway;
  readonly other: FakeGateway;
}

export type OpenGateways = (
  t: Test,
  given?: Parameters<typeof fakeRecordings>[0],
) => Gateways | Promise<Gateways>;

/** Another request than the one that is sent where a test says none. */
function another({ request }: Told): Buffer[] {
  return [requestOf(`${request}2`)];
}

const NOWHERE = 'A'.repeat(22);
const EPOCH = /^~([\w-]{22})\.(\d+)$/;

async function startOf(reader: Reader) {
  const start = await reader.start;
  const [, epoch = '', seq] = EPOCH.exec(start?.lastEventId ?? '') ?? [];
  return {
    epoch,
    seq: seq === undefined ? undefined : Number(seq),
    gap: start?.gap,
    location: start?.location ?? '',
  };
}

/** Numbers of the next so many messages, or of fewer where it ends before. */
async function take(reader: Reader, count: number): Promise<number[]> {
  const numbers: number[] = [];
  while (numbers.length < count) {
    const batch = await reader.read();
    if (batch === undefined) break;
    for (const message of batch) numbers.push(numberOf(message));
  }
  return numbers;
}

/** What its client gets that reads to the end. */
async function rest(reader: Reader): Promise<number[]> {
  return await take(reader, Number.POSITIVE_INFINITY);
}

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 5));
}

/** The reason of a refusal. */
async function reasonOf(refused: () => unknown): Promise<string | undefined> {
  try {
    await refused();
    return undefined;
  } catch (reason) {
    return RpcError.from(reason).reason;
  }
}

/** A client that joins what is at a location, as the surfaces do it. */
async function join(
  gateway: FakeGateway,
  method: Method,
  location: string,
  more: Parameters<FakeGateway['open']>[1] = {},
): Promise<Reader> {
  await gateway.recordings.bring(location, () => method);
  return gateway.open(method, { ...more, location });
}

function numbers(from: number, to: number): Buffer[] {
  return Array.from({ length: to - from + 1 }, (_, index) => numbered(from + index));
}

/** What recordings promise, wherever their journals lie and whichever gateway is asked. */
export function testRecordings(t: Test, place: string, openGateways: OpenGateways): void {
  const promise = (
    name: string,
    test: (
      t: Test,
      open: (given?: Parameters<typeof fakeRecordings>[0]) => Promise<Gateways>,
      method: Awaited<ReturnType<typeof fakeMethods>>,
    ) => Promise<void>,
  ) =>
    t.test(`${place}: ${name}`, { timeout: 20_000 }, async (t) => {
      const opened: Told[] = [];
      // After everything is closed.
      t.teardown(async () => {
        await settled();
        for (const { held } of opened.flatMap(({ calls }) => calls))
          assert.equal(held, 0, 'memory of messages that is not given back');
      });
      const open = async (given?: Parameters<typeof fakeRecordings>[0]) => {
        const gateways = await openGateways(t, given);
        opened.push(gateways);
        return gateways;
      };
      await test(t, open, await fakeMethods(t));
    });

  promise('what makes requests equal, and what travels with a call', async (t, open, method) => {
    const { one, other, calls } = await open();
    const rule = { start: 'beginning', keyMetadata: ['x-room'] } as const;
    const own = method('Watch', { ...rule, sharing: 'principal' });
    const madeBy = async (...given: Parameters<FakeGateway['open']>) => {
      const before = calls.length;
      await other.open(...given).start;
      return calls.length - before;
    };
    await one.open(own).start;
    t.ok(calls[0]?.isHalfClosed);
    t.same(
      calls[0]?.sent.map((bytes) => [...bytes]),
      [[...requestOf(one.request)]],
    );
    t.equal(await madeBy(own), 0, 'the same request');
    t.equal(await madeBy(own, { principal: 'q' }), 1, 'another principal');
    t.equal(await madeBy(own, {}, another(one)), 1, 'another request');
    t.equal(await madeBy(own, { metadata: [['x-room', 'a']] }), 1, 'other metadata of the key');
    t.equal(await madeBy(own, { metadata: [['x-other', 'a']] }), 0, 'metadata that is not of the key');
    const all = method('Watch', { ...rule, sharing: 'everyone' });
    const metadata = [
      ['authorization', 'secret'],
      ['x-room', 'b'],
      ['traceparent', 't'],
    ] as const;
    await one.open(all, { metadata }).start;
    t.same(calls.at(-1)?.request.metadata, [['x-room', 'b']], 'only what is of the key travels');
    t.equal(await madeBy(all, { metadata: [['x-room', 'b']], principal: 'q' }), 0, 'shared with everyone');
    await one.open(own, { metadata }).start;
    t.same(calls.at(-1)?.request.metadata, [
      ['authorization', 'secret'],
      ['x-room', 'b'],
    ]);
    const alone = method('Watch', {});
    await one.open(alone, { metadata }).start;
    t.same(calls.at(-1)?.request.metadata, metadata, 'a call of its own has all of it');
    t.equal(await madeBy(alone, { metadata }), 1, 'not shared');
  });

  const five = numbers(1, 5);
  const keyed = ['a', 'b', 'a', 'c', 'b'].map((key, index) => numbered(index + 1, key));
  for (const [rule, sent, at, expected] of [
    [{}, five, 5, []],
    [{ start: 'last', last: 2 }, five, 3, [4, 5]],
    [{ start: 'last', last: 9 }, five, 0, [1, 2, 3, 4, 5]],
    [{ start: 'beginning' }, five, 0, [1, 2, 3, 4, 5]],
    [{ start: 'snapshot', key: 'key' }, keyed, undefined, [3, 4, 5]],
  ] as const) {
    promise(`where a reader starts: ${JSON.stringify(rule)}`, async (t, open, method) => {
      const { one, other, calls } = await open();
      const watch = method('Watch', { sharing: 'everyone', ...rule });
      const first = one.open(watch);
      await first.start;
      calls[0]?.send(...sent);
      t.same(await take(first, 5), [1, 2, 3, 4, 5]);
      const reader = other.open(watch);
      t.same((await startOf(reader)).seq, at);
      calls[0]?.send(numbered(6));
      t.same(await take(reader, expected.length + 1), [...expected, 6]);
      t.equal(calls.length, 1);
    });
  }

  promise('ids are dense, and find the recording; its end is told again', async (t, open, method) => {
    const { one, other, calls, gaps } = await open();
    const watch = method('Watch', {});
    const first = one.open(watch);
    const { epoch, seq } = await startOf(first);
    t.equal(seq, 0);
    calls[0]?.send(...numbers(1, 3));
    const ids: (string | undefined)[] = [];
    while (ids.length < 3) {
      const batch = (await first.read()) as Batch;
      for (const _ of batch) ids.push(batch.ids?.of(batch.at - 1));
    }
    t.same(ids, [`~${epoch}.1`, `~${epoch}.2`, `~${epoch}.3`]);
    first.cancel();
    t.equal((await first.status).code, 1);
    t.notOk(calls[0]?.isCancelled, 'leaving it does not stop it');
    const second = other.open(watch, { resume: seen(epoch, 1) });
    t.same(await startOf(second), { epoch, seq: 1, gap: undefined, location: '' });
    t.same(await take(second, 2), [2, 3]);
    t.same(await second.headers, [['x-from', 'service']]);
    calls[0]?.end({ code: 5, message: 'no more', trailers: [['x-last', 'yes']] });
    t.same(await rest(second), []);
    const end = { code: 5, message: 'no more', trailers: [['x-last', 'yes']] };
    t.match(await second.status, end);
    const third = other.open(watch, { resume: seen(epoch, 3) });
    t.same(await rest(third), []);
    t.match(await third.status, end, 'after the end as well');
    t.equal(calls.length, 1);
    t.same(gaps, []);
  });

  for (const [what, more, messages] of [
    ['forged', { epoch: NOWHERE, seq: 1 }, undefined],
    ["another principal's", { seq: 1, principal: 'q' }, undefined],
    ["another principal's, of the future", { seq: 999, principal: 'q' }, undefined],
    ["another request's", { seq: 1 }, another],
    ["another request's, of the future", { seq: Number.MAX_SAFE_INTEGER }, another],
  ] as const) {
    promise(
      `an id that is ${what} shows nothing: a call of its own, behind a gap`,
      async (t, open, method) => {
        const { one, other, calls, gaps } = await open();
        const watch = method('Watch', { sharing: 'principal', start: 'beginning' });
        const first = one.open(watch);
        const { epoch } = await startOf(first);
        calls[0]?.send(...numbers(1, 3));
        calls[0]?.end();
        t.same(await rest(first), [1, 2, 3]);
        const { seq, epoch: named = epoch, ...others } = { epoch: undefined, ...more };
        const reader = other.open(watch, { ...others, resume: seen(named, seq) }, messages?.(one));
        const start = await startOf(reader);
        t.equal(calls.length, 2);
        t.not(start.epoch, epoch);
        t.same(start.gap, { requested: `~${named}.${seq}`, resumed: `~${start.epoch}.0` });
        calls[1]?.send(numbered(7));
        t.same(await take(reader, 1), [7]);
        t.same(gaps, ['Watch']);
      },
    );
  }

  promise('an id of the future is refused', async (t, open, method) => {
    const { one, other, calls } = await open();
    const watch = method('Watch', {});
    const first = one.open(watch);
    const { epoch } = await startOf(first);
    calls[0]?.send(...numbers(1, 3));
    t.same(await take(first, 3), [1, 2, 3]);
    for (const resume of [seen(epoch, 4), seen(epoch, Number.MAX_SAFE_INTEGER)]) {
      const future = other.open(watch, { resume });
      t.equal(await future.start, undefined);
      t.match(await future.status, { code: 3, reason: 'INVALID_CURSOR' });
    }
    t.equal(calls.length, 1);
  });

  promise(
    'who comes back for the rest of a call that broke off gets a new one, behind a gap',
    async (t, open, method) => {
      const { one, other, calls } = await open();
      const watch = method('Watch', {});
      const first = one.open(watch);
      const { epoch } = await startOf(first);
      calls[0]?.send(numbered(1), numbered(2));
      calls[0]?.end(new RpcError('UPSTREAM_UNREACHABLE', 'away').toStatus());
      t.same(await rest(first), [1, 2]);
      const again = other.open(watch, { resume: seen(epoch, 1) });
      t.same(await rest(again), [2]);
      t.equal((await again.status).code, 14);
      const start = await startOf(other.open(watch, { resume: seen(epoch, 2) }));
      t.same(start.gap, { requested: `~${epoch}.2`, resumed: `~${start.epoch}.0` });
      t.equal(calls.length, 2);
    },
  );

  promise(
    'a call goes on until the last has left, for its linger, and is forgotten then',
    async (t, open, method) => {
      const { one, other, calls } = await open();
      const watch = method('Watch', { sharing: 'everyone', lingerMs: 40 });
      const [first, second] = [one.open(watch), other.open(watch)];
      const { epoch } = await startOf(first);
      await second.start;
      first.cancel();
      await new Promise((resolve) => setTimeout(resolve, 100));
      t.notOk(calls[0]?.isCancelled, 'a reader keeps it');
      second.cancel();
      const late = other.open(watch);
      await late.start;
      t.equal(calls.length, 1, 'joined while it lingers');
      late.cancel();
      await until(() => calls[0]?.isCancelled === true);
      await until(() => one.recordings.size + other.recordings.size === 0);
      t.equal(one.recordings.bytes + other.recordings.bytes, 0);
      await until(async () => {
        const start = await startOf(other.open(watch, { resume: seen(epoch, 0) }));
        return start.gap?.requested === `~${epoch}.0`;
      });
    },
  );

  promise("a client's own deadline and signal end its part only", async (t, open, method) => {
    const { one, other, calls } = await open();
    const watch = method('Watch', { sharing: 'everyone' });
    const last = one.open(watch);
    await last.start;
    const abort = new AbortController();
    const late = other.open(watch, { deadline: Date.now() + 50 });
    const gone = other.open(watch, { signal: abort.signal });
    await gone.start;
    const reads = [late.read(), gone.read()];
    abort.abort();
    t.same(await Promise.all(reads), [undefined, undefined]);
    t.match(await late.status, { code: 4, reason: 'DEADLINE_PASSED' });
    t.match(await gone.status, { code: 1 });
    t.equal(calls[0]?.request.deadline, undefined);
    calls[0]?.send(numbered(7));
    t.same(await take(last, 1), [7]);
  });

  for (const [bound, rule, kept, cause] of [
    ['messages', { maxMessages: 4 }, 4, 'messages'],
    ['bytes', { maxBytes: 4 * (numbered(1).length + 8) }, 4, 'bytes'],
    ['a byte less', { maxBytes: 4 * (numbered(1).length + 8) - 1 }, 3, 'bytes'],
  ] as const) {
    promise(`${bound} are bounded: who has not read what went gets a gap`, async (t, open, method) => {
      const { one, other, calls, gaps, evicted } = await open();
      const watch = method('Watch', { sharing: 'everyone', start: 'beginning', ...rule });
      const fast = one.open(watch);
      const { epoch } = await startOf(fast);
      const slow = other.open(watch);
      await slow.start;
      const watcher = other.open(watch);
      for (let number = 1; number <= 20; number += 1) {
        calls[0]?.send(numbered(number));
        t.same(await take(fast, 1), [number], 'the slow one slows nobody');
        t.same(await take(watcher, 1), [number]);
      }
      const first = 21 - kept;
      const batch = await slow.read();
      t.same(batch?.gap, { requested: `~${epoch}.0`, resumed: `~${epoch}.${first - 1}` });
      const rest = [...(batch ?? [])].map(numberOf);
      t.same([...rest, ...(await take(slow, kept - rest.length))], numbers(first, 20).map(numberOf));
      const late = other.open(watch, { resume: seen(epoch, 2) });
      t.same((await startOf(late)).gap, { requested: `~${epoch}.2`, resumed: `~${epoch}.${first - 1}` });
      t.same(await take(late, kept), numbers(first, 20).map(numberOf), 'and so does who comes back');
      t.same(gaps, ['Watch', 'Watch']);
      t.same(Object.keys(evicted), [cause]);
      t.equal(calls.length, 1);
    });
  }

  promise(
    'age is bounded, by when a message came and not by when it was asked for',
    async (t, open, method) => {
      const { one, other, calls } = await open();
      const watch = method('Watch', { sharing: 'everyone', start: 'beginning', maxAgeMs: 400 });
      const first = one.open(watch);
      const { epoch } = await startOf(first);
      calls[0]?.send(numbered(1), numbered(2));
      t.same(await take(first, 2), [1, 2]);
      await new Promise((resolve) => setTimeout(resolve, 450));
      calls[0]?.send(numbered(3));
      t.same(await take(first, 1), [3]);
      const late = other.open(watch);
      t.same((await startOf(late)).gap, { requested: `~${epoch}.0`, resumed: `~${epoch}.2` });
      t.same(await take(late, 1), [3]);
      await new Promise((resolve) => setTimeout(resolve, 450));
      const none = other.open(watch, { resume: seen(epoch, 1) });
      t.same((await startOf(none)).gap, { requested: `~${epoch}.1`, resumed: `~${epoch}.3` });
      calls[0]?.send(numbered(4));
      t.same(await take(none, 1), [4]);
      t.equal(calls.length, 1);
    },
  );

  promise(
    'with pause the service waits for the slowest reader, and not for ever',
    async (t, open, method) => {
      const { one, other, calls, gaps } = await open({ maxPauseMs: 1_000 });
      const rule = { sharing: 'everyone', maxMessages: 4, start: 'beginning', whenFull: 'pause' } as const;
      const paused = method('Watch', rule);
      const quick = one.open(paused);
      await quick.start;
      const stalled = other.open(paused);
      await stalled.start;
      for (let number = 1; number <= 30; number += 1) calls[0]?.send(numbered(number));
      // It takes whatever there is: who takes nothing is slow as well.
      const all = take(quick, 30);
      await new Promise((resolve) => setTimeout(resolve, 300));
      t.ok((calls[0]?.reads ?? 99) <= 8, `the service waits: ${calls[0]?.reads}`);
      t.match(await stalled.status, { code: 8, reason: 'CLIENT_STALLED' });
      t.same(await all, numbers(1, 30).map(numberOf), 'and goes on');
      t.same(gaps, []);
    },
  );

  promise('with pause a reader that is slow, and reads, misses nothing', async (t, open, method) => {
    const { one, other, calls, gaps } = await open();
    const rule = { sharing: 'everyone', maxMessages: 4, start: 'beginning', whenFull: 'pause' } as const;
    const paused = method('Watch', rule);
    const quick = one.open(paused);
    await quick.start;
    const slow = other.open(paused);
    await slow.start;
    for (let number = 1; number <= 40; number += 1) calls[0]?.send(numbered(number));
    const all = take(quick, 40);
    const got: number[] = [];
    while (got.length < 40) {
      await new Promise((resolve) => setTimeout(resolve, 5));
      got.push(...(await take(slow, 1)));
    }
    t.same(got, numbers(1, 40).map(numberOf));
    t.same(await all, numbers(1, 40).map(numberOf));
    t.same(gaps, []);
  });

  promise(
    'a stream with cursors goes on in the recording, or at the service where that has it no more',
    async (t, open, method) => {
      const { one, other, calls } = await open();
      const watch = method('Numbers', { sharing: 'everyone', maxMessages: 3, start: 'beginning' });
      const first = one.open(watch);
      await first.start;
      for (const message of numbers(1, 5)) {
        calls[0]?.send(message);
        await take(first, 1);
      }
      const cursor = (text: string) =>
        ({ id: text, last: { kind: 'cursor', cursor: text }, field: Buffer.from([0x10, 1]) }) as const;
      // Who follows a recording that another gateway leads has it from then on.
      const follows = other.open(watch);
      await follows.start;
      const kept = other.open(watch, { resume: cursor('4') });
      const batch = await kept.read();
      t.same([...(batch ?? [])].map(numberOf), [5]);
      t.equal(batch?.ids, undefined, 'they have ids of their own');
      t.equal(calls.length, 1);
      const evicted = other.open(watch, { resume: cursor('2') });
      t.equal((await evicted.start)?.lastEventId, '2');
      t.equal(calls[1]?.request.resume?.id, '2', 'the service goes on after it');
      t.equal((await evicted.start)?.gap, undefined);
      await other.open(watch).start;
      t.equal(calls.length, 2, 'who names no cursor joins the one from the beginning');
      const same = other.open(watch, { resume: cursor('2') });
      t.equal((await same.start)?.lastEventId, '2');
      for (const message of [numbered(13), numbered(14)]) calls[1]?.send(message);
      t.same(await take(same, 2), [13, 14]);
      const within = other.open(watch, { resume: cursor('13') });
      t.same(await take(within, 1), [14]);
      t.equal(calls.length, 2, 'who comes for the same joins the call that was made for it');
      for (const message of numbers(15, 17)) {
        calls[1]?.send(message);
        await take(same, 1);
      }
      await other.open(watch, { resume: cursor('2') }).start;
      t.equal(calls.length, 3, 'what it began with is gone: a call of its own');
      evicted.cancel();
      calls[1]?.end();
      t.same(await rest(same), []);
      await other.open(watch, { resume: cursor('14') }).start;
      t.equal(calls.length, 4, 'it is over');
    },
  );

  promise('who leaves before its call is there leaves none behind', async (t, open, method) => {
    const { one, other, calls } = await open();
    for (const gateway of new Set([one, other])) {
      const reader = gateway.open(method('Watch', { lingerMs: 5 }));
      reader.cancel();
      const before = calls.length;
      const settledBy = gateway.open(method('Watch', { lingerMs: 5 }));
      await settledBy.start;
      settledBy.cancel();
      await until(() => calls.every(({ isCancelled }) => isCancelled));
      await until(() => gateway.recordings.size === 0);
      t.ok(calls.length > before);
    }
  });

  promise(
    'a call that outlives its clients: where it is found, by whom, and what stops it',
    async (t, open, method) => {
      const { one, other, calls } = await open();
      const watch = method('Watch', { lingerMs: 5, maxAgeMs: 600 });
      const first = one.open(watch, { detach: true });
      const { location, epoch } = await startOf(first);
      t.match(location, /^[\w-]{22}$/);
      calls[0]?.send(numbered(1));
      t.same(await take(first, 1), [1]);
      first.cancel();
      await new Promise((resolve) => setTimeout(resolve, 30));
      t.notOk(calls[0]?.isCancelled, 'it goes on without a reader');
      calls[0]?.send(numbered(2));
      const second = await join(other, watch, location);
      t.same(await take(second, 2), [1, 2]);
      void second.write([numbered(1)]);
      t.match(await second.status, { code: 3, reason: 'UNEXPECTED_MESSAGE' });
      const after = await join(other, watch, location, { resume: seen(epoch, 1) });
      t.same(await take(after, 1), [2]);
      after.cancel();
      t.match(other.recordings.stateAt(location, 'p'), {
        ended: undefined,
        firstId: `~${epoch}.1`,
        lastId: `~${epoch}.2`,
      });
      for (const principal of ['q', '']) {
        t.match(await (await join(other, watch, location, { principal })).status, {
          code: 5,
          reason: 'CALL_NOT_FOUND',
        });
        t.equal(await reasonOf(() => other.recordings.stop(location, principal)), 'CALL_NOT_FOUND');
        t.equal(await reasonOf(() => other.recordings.stateAt(location, principal)), 'CALL_NOT_FOUND');
      }
      t.match(await (await join(other, watch, NOWHERE)).status, { code: 5, reason: 'CALL_NOT_FOUND' });
      const reader = await join(other, watch, location);
      t.same(await take(reader, 2), [1, 2]);
      const begun = other.open(watch, { resume: seen(epoch, 2) });
      await begun.start;
      other.recordings.stop(location, 'p');
      t.same(await rest(reader), []);
      t.match(await reader.status, { code: 1, message: 'the call was stopped' });
      t.match(await begun.read().then(() => begun.status), { code: 1 });
      await until(() => calls[0]?.isCancelled === true);
      t.same(await rest(await join(other, watch, location)), [1, 2], 'its journal stays');
      await until(async () => (await reasonOf(() => one.recordings.stateAt(location, 'p'))) === 'CALL_GONE');
      await until(async () => {
        await other.recordings.bring(location, () => watch);
        return (await reasonOf(() => other.recordings.stateAt(location, 'p'))) === 'CALL_GONE';
      });
      t.equal(await reasonOf(() => other.recordings.stateAt(location, 'q')), 'CALL_NOT_FOUND');
    },
  );

  promise('equal requests that share a call have a location each', async (t, open, method) => {
    const { one, other, calls } = await open();
    const watch = method('Watch', { sharing: 'everyone', start: 'beginning', maxAgeMs: 600 });
    const places = ['a', 'b', 'c'].map((letter) => `${one.request}${letter.repeat(10)}`);
    const readers: Reader[] = [];
    for (const [index, newLocation] of places.entries()) {
      const gateway = index === 1 ? other : one;
      const reader = gateway.open(watch, { detach: true, newLocation, principal: `p${index}` });
      await reader.start;
      readers.push(reader);
    }
    const [first] = readers as [Reader];
    t.equal(calls.length, 1);
    calls[0]?.send(numbered(1));
    t.same(await take(first, 1), [1]);
    for (const gateway of [one, other]) {
      for (const location of places) {
        const reader = await join(gateway, watch, location);
        t.same(await take(reader, 1), [1], location);
        reader.cancel();
      }
    }
    for (const reader of readers) reader.cancel();
    other.recordings.stop(places[2] as string, 'p0');
    await until(() => calls[0]?.isCancelled === true);
    for (const gateway of [one, other])
      for (const location of places)
        await until(async () => {
          await gateway.recordings.bring(location, () => watch);
          return (await reasonOf(() => gateway.recordings.stateAt(location, 'p'))) === 'CALL_GONE';
        });
  });

  promise('memory of messages is given back, whenever a recording goes', async (t, open, method) => {
    const gateways = await open();
    const { one, calls } = gateways;
    const watch = method('Watch', { lingerMs: 1 });
    // Messages go on coming until the call is cancelled, which is after so many turns of the event loop.
    for (let turns = 0; turns < 2; turns += 1) {
      const reader = one.open(watch, {}, [requestOf(`${gateways.request}${turns}`)]);
      await until(() => calls.length > turns);
      const call = calls[turns] as FakeCall;
      call.send(numbered(1));
      await reader.read();
      let left = turns;
      for (let number = 2; !call.isCancelled; number += 1) {
        call.send(...numbers(number, number + 3));
        if (left === 0) reader.cancel();
        left -= 1;
        await settled();
      }
    }
    await until(() => calls.every(({ held }) => held === 0));
    t.equal(calls.length, 2, 'each request had a call of its own');
  });

  promise('a detached call ends at its age', async (t, open, method) => {
    const { one, other, calls } = await open();
    const watch = method('Watch', { detachMaxAgeMs: 100 });
    const first = one.open(watch, { detach: true });
    const { location } = await startOf(first);
    const reader = await join(other, watch, location);
    t.match(await reader.read().then(() => reader.status), { code: 4, reason: 'DEADLINE_PASSED' });
    await until(() => calls[0]?.isCancelled === true);
  });

  promise('a detached stream whose service says nothing ends, and not before', async (t, open, method) => {
    const { one, other, calls } = await open();
    const watch = method('Watch', { detachMaxSilenceMs: 400, lingerMs: 1 });
    const first = one.open(watch, { detach: true });
    const { location } = await startOf(first);
    first.cancel();
    for (let number = 1; number <= 6; number += 1) {
      calls[0]?.send(numbered(number));
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    t.notOk(calls[0]?.isCancelled, 'it speaks for longer than it may be silent');
    const reader = await join(other, watch, location);
    t.same(await rest(reader), [1, 2, 3, 4, 5, 6]);
    t.match(await reader.status, {
      code: 4,
      reason: 'SERVICE_SILENT',
      message: 'the service has said nothing for 400 ms, which is detach_max_silence_ms of the rule',
    });
    t.ok(calls[0]?.isCancelled);
    t.match(other.recordings.stateAt(location, 'p').ended, { reason: 'SERVICE_SILENT' });
  });

  promise('neither one answer nor a client is ever too long in coming', async (t, open, method) => {
    const { one, calls } = await open();
    const get = one.open(method('Get', { detachMaxSilenceMs: 20 }), { detach: true });
    const watch = one.open(method('Watch', { detachMaxSilenceMs: 20 }));
    await Promise.all([get.start, watch.start]);
    await new Promise((resolve) => setTimeout(resolve, 100));
    t.notOk(calls.some(({ isCancelled }) => isCancelled));
    calls[0]?.send(numbered(1));
    calls[0]?.end();
    t.same(await rest(get), [1]);
  });

  promise('who waits because of us is not silent', async (t, open, method) => {
    const calls: FakeCall[] = [];
    const { one } = await open({
      openCall: (request) => {
        const call = new FakeCall(request);
        calls.push(call);
        // At once: gateways that ask each other for longer than it may be silent do not count for it.
        for (const message of numbers(1, 4)) call.send(message);
        return call;
      },
    });
    const rule = { maxMessages: 2, whenFull: 'pause', detachMaxSilenceMs: 100 } as const;
    const reader = one.open(method('Watch', rule), { detach: true });
    await reader.start;
    await new Promise((resolve) => setTimeout(resolve, 400));
    t.notOk(calls[0]?.isCancelled, 'its messages wait for the reader');
    t.same(await rest(reader), [1, 2, 3, 4]);
    t.match(await reader.status, { reason: 'SERVICE_SILENT' });
  });

  promise(
    'a stream of requests ends its upward half with its client, and is read at its location',
    async (t, open, method) => {
      const { one, other, calls } = await open();
      const method_ = method('Chat', { detach: true });
      const chat = one.open(method_, {}, [numbered(1)]);
      const { location } = await startOf(chat);
      void chat.write([numbered(2)]);
      await until(() => calls[0]?.sent.length === 2);
      chat.cancel();
      await until(() => calls[0]?.isHalfClosed === true);
      t.notOk(calls[0]?.isCancelled);
      calls[0]?.send(numbered(9));
      t.same(await take(await join(other, method_, location), 1), [9]);
    },
  );

  promise('an idempotency key is one request', async (t, open, method) => {
    const { one, other, calls } = await open();
    const get = method('Get', {});
    const key = `k ${one.request}`;
    const first = one.open(get, { idempotencyKey: key });
    await first.start;
    calls[0]?.send(numbered(4));
    const joined = other.open(get, { idempotencyKey: key });
    t.same(await take(joined, 1), [4], 'while it runs');
    calls[0]?.end();
    t.same(await rest(first), [4]);
    t.same(await rest(other.open(get, { idempotencyKey: key })), [4], 'after its end');
    t.equal(calls.length, 1);
    const conflict = { code: 3, reason: 'IDEMPOTENCY_CONFLICT' };
    t.match(await other.open(get, { idempotencyKey: key }, another(one)).status, conflict);
    await other.open(get, { idempotencyKey: key, principal: 'q' }).start;
    await other.open(get, { idempotencyKey: `${key} 2` }).start;
    await other.open(get).start;
    t.equal(calls.length, 4);
  });

  promise('each of those that share a call may have an idempotency key', async (t, open, method) => {
    const { one, other, calls } = await open();
    const watch = method('Watch', { sharing: 'everyone', start: 'beginning' });
    const keys = ['a', 'b', 'c'].map((key) => `${key} ${one.request}`);
    const gateways = [one, other, one];
    const readers: Reader[] = [];
    for (const [at, idempotencyKey] of keys.entries()) {
      const reader = (gateways[at] as FakeGateway).open(watch, { idempotencyKey });
      await reader.start;
      readers.push(reader);
    }
    calls[0]?.send(numbered(4));
    calls[0]?.end();
    for (const reader of readers) t.same(await rest(reader), [4]);
    for (const idempotencyKey of keys) {
      for (const gateway of new Set(gateways)) {
        t.same(await rest(gateway.open(watch, { idempotencyKey })), [4], 'after its end');
        const conflict = { code: 3, reason: 'IDEMPOTENCY_CONFLICT' };
        t.match(await gateway.open(watch, { idempotencyKey }, another(one)).status, conflict);
      }
    }
    t.equal(calls.length, 1);
  });
}
