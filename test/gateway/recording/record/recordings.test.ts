import t from 'tap';
import type { Reader } from '../../../../gateway/recording/record/reader.js';
import { RpcError } from '../../../../gateway/status/index.js';
import { LATER } from '../../../../gateway/upstream/index.js';
import { fakeMethods, fakeRecordings, numbered, numberOf, seen, settled } from './fake-service.js';

// Alarms do not keep a process alive.
const awake = setInterval(() => {}, 1_000);
t.teardown(() => clearInterval(awake));

/** A read that waits: there is one at a time. */
const waiting = new WeakMap<Reader, ReturnType<Reader['read']>>();

function read(reader: Reader): ReturnType<Reader['read']> {
  const pending = waiting.get(reader) ?? reader.read();
  waiting.set(reader, pending);
  void pending.then(() => waiting.delete(reader));
  return pending;
}

/** All that a reader is handed until it waits or is over. */
async function take(reader: Reader): Promise<number[]> {
  const numbers: number[] = [];
  for (;;) {
    const batch = await Promise.race([read(reader), settled().then(() => 'waits' as const)]);
    if (batch === undefined || batch === 'waits') return numbers;
    for (const message of batch) numbers.push(numberOf(message));
  }
}

/** What it is handed next. */
async function next(reader: Reader): Promise<number[]> {
  return [...((await read(reader)) ?? [])].map(numberOf);
}

const EPOCH = /^~([\w-]{22})\.(\d+)$/;

async function startOf(reader: Reader) {
  const start = await reader.start;
  const [, epoch = '', seq] = EPOCH.exec(start?.lastEventId ?? '') ?? [];
  return { epoch, seq: Number(seq), gap: start?.gap, location: start?.location };
}

t.test(
  "equal requests share one call, others do not, and nobody gets what is another principal's",
  async (t) => {
    const method = await fakeMethods(t);
    const { recordings, calls, open } = fakeRecordings();
    t.teardown(() => recordings.close());
    const rule = { start: 'beginning', keyMetadata: ['x-room'] } as const;
    const own = method('Watch', { ...rule, sharing: 'principal' });
    open(own);
    t.equal(calls.length, 1);
    t.ok(calls[0]?.isHalfClosed);
    t.same(
      calls[0]?.sent.map((bytes) => [...bytes]),
      [[0x0a, 0x01, 0x61]],
    );
    open(own);
    t.equal(calls.length, 1, 'the same request');
    open(own, { principal: 'q' });
    t.equal(calls.length, 2, 'another principal');
    open(own, {}, [Buffer.from([0x0a, 0x01, 0x62])]);
    t.equal(calls.length, 3, 'another request');
    open(own, { metadata: [['x-room', 'a']] });
    t.equal(calls.length, 4, 'other metadata of the key');
    open(own, { metadata: [['x-other', 'a']] });
    t.equal(calls.length, 4, 'metadata that is not of the key');
    const all = method('Watch', { ...rule, sharing: 'everyone' });
    const metadata = [
      ['authorization', 'secret'],
      ['x-room', 'b'],
      ['traceparent', 't'],
    ] as const;
    open(all, { metadata });
    open(all, { metadata: [['x-room', 'b']], principal: 'q' });
    t.equal(calls.length, 5);
    t.same(calls[4]?.request.metadata, [['x-room', 'b']], 'only what is of the key travels');
    open(own, { metadata });
    t.same(calls[5]?.request.metadata, [
      ['authorization', 'secret'],
      ['x-room', 'b'],
    ]);
    const alone = method('Watch', {});
    open(alone, { metadata });
    open(alone, { metadata });
    t.equal(calls.length, 8, 'not shared');
    t.same(calls[6]?.request.metadata, metadata, 'its own call has all of it');
  },
);

t.test('where a reader starts that joins', async (t) => {
  const method = await fakeMethods(t);
  const { recordings, calls, open } = fakeRecordings();
  t.teardown(() => recordings.close());
  const from = async (rule: Parameters<typeof method>[1], sent: Buffer[]) => {
    const watch = method('Watch', { sharing: 'everyone', ...rule });
    const first = open(watch);
    const call = calls.at(-1);
    call?.send(...sent);
    t.equal((await take(first)).length > 0, true);
    const reader = open(watch);
    t.equal(calls.at(-1), call);
    const { seq } = await startOf(reader);
    const numbers = await take(reader);
    first.cancel();
    reader.cancel();
    return [seq, ...numbers];
  };
  const five = [1, 2, 3, 4, 5].map((number) => numbered(number));
  t.same(await from({}, five), [5], 'now');
  t.same(await from({ start: 'last', last: 2 }, five), [3, 4, 5]);
  t.same(await from({ start: 'last', last: 9 }, five), [0, 1, 2, 3, 4, 5]);
  t.same(await from({ start: 'beginning', lingerMs: 1 }, five), [0, 1, 2, 3, 4, 5]);
  const keyed = ['a', 'b', 'a', 'c', 'b'].map((key, index) => numbered(index + 1, key));
  t.same(await from({ start: 'snapshot', key: 'key' }, keyed), [Number.NaN, 3, 4, 5]);
});

t.test('an id finds its recording, the next message is the next one, and an end is told again', async (t) => {
  const method = await fakeMethods(t);
  const { recordings, calls, gaps, open } = fakeRecordings();
  t.teardown(() => recordings.close());
  const watch = method('Watch', {});
  const first = open(watch);
  const { epoch, seq } = await startOf(first);
  t.equal(seq, 0);
  calls[0]?.send(numbered(1), numbered(2), numbered(3));
  t.same(await next(first), [1, 2, 3]);
  first.cancel();
  t.equal((await first.status).code, 1);
  t.notOk(calls[0]?.isCancelled, 'leaving it does not stop it');
  const second = open(watch, { resume: seen(epoch, 1) });
  t.same(await startOf(second), { epoch, seq: 1, gap: undefined, location: undefined });
  t.same(await next(second), [2, 3]);
  t.same(await second.headers, [['x-from', 'service']]);
  calls[0]?.end({ trailers: [['x-last', 'yes']] });
  t.same(await next(second), []);
  t.match(await second.status, { code: 0, trailers: [['x-last', 'yes']] });
  const third = open(watch, { resume: seen(epoch, 3) });
  t.same(await next(third), []);
  t.equal((await third.status).code, 0, 'after the end as well');
  t.equal(calls.length, 1);
  t.same(gaps, []);
  for (const resume of [seen(epoch, 4), seen(epoch, 999)]) {
    const future = open(watch, { resume });
    t.equal(await future.start, undefined);
    t.match(await future.status, { code: 3, reason: 'INVALID_CURSOR' });
  }
  // Forged, another principal's, another request's: a call of its own, and the gap says so.
  for (const [more, messages] of [
    [{ resume: seen('A'.repeat(22), 1) }, undefined],
    [{ resume: seen(epoch, 1), principal: 'q' }, undefined],
    [{ resume: seen(epoch, 1) }, [Buffer.from([0x0a, 0x01, 0x7a])]],
  ] as const) {
    const before = calls.length;
    const reader = open(watch, more, messages);
    const start = await startOf(reader);
    t.equal(calls.length, before + 1);
    t.not(start.epoch, epoch);
    t.same(start.gap, { requested: more.resume.id, resumed: `~${start.epoch}.0` });
  }
  t.equal(gaps.length, 3);
});

t.test(
  'who comes back for the rest of a call that broke off is told of a gap and gets a new one',
  async (t) => {
    const method = await fakeMethods(t);
    const { recordings, calls, open } = fakeRecordings();
    t.teardown(() => recordings.close());
    const watch = method('Watch', {});
    const first = open(watch);
    const { epoch } = await startOf(first);
    calls[0]?.send(numbered(1), numbered(2));
    calls[0]?.end(new RpcError('UPSTREAM_UNREACHABLE', 'away').toStatus());
    t.same(await next(first), [1, 2]);
    const rest = open(watch, { resume: seen(epoch, 1) });
    t.same(await next(rest), [2]);
    t.same(await next(rest), []);
    t.equal((await rest.status).code, 14);
    const again = open(watch, { resume: seen(epoch, 2) });
    const start = await startOf(again);
    t.same(start.gap, { requested: `~${epoch}.2`, resumed: `~${start.epoch}.0` });
    t.equal(calls.length, 2);
  },
);

t.test('a call goes on for its linger, and no longer; a shared one until the last has left', async (t) => {
  const method = await fakeMethods(t);
  const { recordings, calls, open } = fakeRecordings();
  const watch = method('Watch', { sharing: 'everyone', lingerMs: 30 });
  const [one, other] = [open(watch), open(watch)];
  const { epoch } = await startOf(one as Reader);
  one?.cancel();
  t.equal(recordings.readers, 1);
  await new Promise((resolve) => setTimeout(resolve, 60));
  t.notOk(calls[0]?.isCancelled);
  other?.cancel();
  open(watch).cancel();
  t.equal(calls.length, 1, 'joined while it lingers');
  while (calls[0]?.isCancelled !== true) await new Promise((resolve) => setTimeout(resolve, 5));
  t.equal(recordings.size, 0);
  t.equal(recordings.bytes, 0);
  const late = open(watch, { resume: seen(epoch, 0) });
  t.equal((await startOf(late)).gap?.requested, `~${epoch}.0`);
  recordings.close();
});

t.test('who waits is handed a message as it is written down, whoever leaves meanwhile', async (t) => {
  const method = await fakeMethods(t);
  const { recordings, calls, open } = fakeRecordings();
  t.teardown(() => recordings.close());
  const watch = method('Watch', { sharing: 'everyone' });
  const readers = [open(watch), open(watch), open(watch)];
  await settled();
  const seen: string[] = [];
  for (const [index, reader] of readers.entries()) {
    const wake = () => {
      const batch = reader.next({ wake });
      if (batch === LATER || batch instanceof Promise) return void seen.push(`${index} waits`);
      for (const message of batch ?? []) seen.push(`${index} has ${numberOf(message)}`);
      if (batch === undefined) return void seen.push(`${index} is over`);
      // The first takes the last one with it, which has not been woken.
      if (index === 0) readers[2]?.cancel();
      wake();
    };
    wake();
  }
  t.same(seen.splice(0), ['0 waits', '1 waits', '2 waits']);
  calls[0]?.send(numbered(1));
  await settled();
  t.same(seen.splice(0), ['0 has 1', '2 is over', '0 waits', '1 has 1', '1 waits']);
  t.equal(recordings.readers, 2);
  calls[0]?.send(numbered(2), numbered(3));
  calls[0]?.end();
  await settled();
  const both = ['0 has 2', '0 has 3', '0 waits', '1 has 2', '1 has 3', '1 waits'];
  t.same(seen, [...both, '0 is over', '1 is over']);
});

t.test("a client's own deadline and signal end its part only", async (t) => {
  const method = await fakeMethods(t);
  const { recordings, calls, open } = fakeRecordings();
  t.teardown(() => recordings.close());
  const watch = method('Watch', { sharing: 'everyone' });
  const abort = new AbortController();
  const readers = [
    open(watch, { deadline: Date.now() + 20 }),
    open(watch, { signal: abort.signal }),
    open(watch),
  ];
  const reads = readers.map((reader) => read(reader));
  abort.abort();
  t.same(await reads[0], undefined);
  t.same(await reads[1], undefined);
  t.match(await readers[0]?.status, { code: 4, reason: 'DEADLINE_PASSED' });
  t.match(await readers[1]?.status, { code: 1 });
  t.equal(calls[0]?.request.deadline, undefined);
  calls[0]?.send(numbered(7));
  t.same([...((await reads[2]) ?? [])].map(numberOf), [7]);
});

t.test(
  'one that falls out of the bounds gets a gap and slows nobody; with pause the service waits for it, and not for ever',
  async (t) => {
    const method = await fakeMethods(t);
    const forget = fakeRecordings();
    const watch = method('Watch', { sharing: 'everyone', maxMessages: 4, start: 'beginning' });
    const [fast, slow] = [forget.open(watch), forget.open(watch)] as [Reader, Reader];
    const { epoch } = await startOf(slow);
    for (let number = 1; number <= 20; number += 1) {
      forget.calls[0]?.send(numbered(number));
      t.same(await next(fast), [number]);
    }
    const batch = await read(slow);
    t.same(batch?.gap, { requested: `~${epoch}.0`, resumed: `~${epoch}.16` });
    t.same([...(batch ?? [])].map(numberOf), [17, 18, 19, 20]);
    t.same(forget.gaps, ['Watch']);
    forget.recordings.close();

    const wait = fakeRecordings({ maxPauseMs: 40 });
    const paused = method('Watch', {
      sharing: 'everyone',
      maxMessages: 4,
      start: 'beginning',
      whenFull: 'pause',
    });
    const [quick, stalled] = [wait.open(paused), wait.open(paused)] as [Reader, Reader];
    for (let number = 1; number <= 8; number += 1) wait.calls[0]?.send(numbered(number));
    t.same(await take(quick), [1, 2, 3, 4]);
    const { reads = 0 } = wait.calls[0] ?? {};
    t.ok(reads <= 6, `the service waits: ${reads}`);
    t.match(await stalled.status, { code: 8, reason: 'CLIENT_STALLED' });
    t.same(await take(quick), [5, 6, 7, 8], 'and goes on');
    quick.cancel();
    for (let number = 9; number <= 20; number += 1) wait.calls[0]?.send(numbered(number));
    while (wait.calls[0]?.isCancelled !== true) await new Promise((resolve) => setTimeout(resolve, 5));
    wait.recordings.close();
  },
);

t.test(
  'a stream with cursors goes on in the recording, or at the service where that has it no more',
  async (t) => {
    const method = await fakeMethods(t);
    const { recordings, calls, open } = fakeRecordings();
    t.teardown(() => recordings.close());
    const numbers = method('Numbers', { sharing: 'everyone', maxMessages: 3, start: 'beginning' });
    const first = open(numbers);
    calls[0]?.send(...[1, 2, 3, 4, 5].map((number) => numbered(number)));
    t.same(await take(first), [3, 4, 5]);
    const cursor = (text: string) =>
      ({ id: text, last: { kind: 'cursor', cursor: text }, field: Buffer.from([0x10, 1]) }) as const;
    const kept = open(numbers, { resume: cursor('4') });
    const batch = await read(kept);
    t.same([...(batch ?? [])].map(numberOf), [5]);
    t.equal(batch?.ids, undefined, 'they have ids of their own');
    t.equal(calls.length, 1);
    const evicted = open(numbers, { resume: cursor('2') });
    t.equal(calls.length, 2);
    t.equal(calls[1]?.request.resume?.id, '2', 'the service goes on after it');
    t.equal((await evicted.start)?.lastEventId, '2');
    t.equal((await evicted.start)?.gap, undefined);
    open(numbers);
    t.equal(calls.length, 2, 'who names no cursor joins the one from the beginning');
  },
);

t.test('calls that outlive their clients: where they are found, who may, and what stops them', async (t) => {
  const method = await fakeMethods(t);
  const { recordings, calls, open } = fakeRecordings({ detached: 3, detachedPerPrincipal: 2 });
  t.teardown(() => recordings.close());
  const watch = method('Watch', { lingerMs: 5, maxAgeMs: 400 });
  const first = open(watch, { detach: true });
  const { location = '', epoch } = await startOf(first);
  t.match(location, /^[\w-]{22}$/);
  calls[0]?.send(numbered(1));
  first.cancel();
  await new Promise((resolve) => setTimeout(resolve, 30));
  t.notOk(calls[0]?.isCancelled, 'nobody reads, and it goes on');
  calls[0]?.send(numbered(2));
  const second = open(watch, { location });
  t.same(await take(second), [1, 2]);
  void second.write([numbered(1)]);
  t.match(await second.status, { code: 3, reason: 'UNEXPECTED_MESSAGE' });
  t.same(await take(open(watch, { location, resume: seen(epoch, 1) })), [2]);
  for (const principal of ['q', '']) {
    t.match(await open(watch, { location, principal }).status, { code: 5, reason: 'CALL_NOT_FOUND' });
    t.throws(
      () => recordings.stop(location, principal),
      new RpcError('CALL_NOT_FOUND', 'there is no call at this location'),
    );
  }
  t.match(await open(watch, { location: 'A'.repeat(22) }).status, { code: 5 });
  open(watch, { detach: true });
  t.match(await open(watch, { detach: true }).status, { code: 8, reason: 'DETACHED_LIMIT' });
  t.ok(calls.at(-1)?.isCancelled, 'and its call is not left behind');
  open(watch, { detach: true, principal: 'q' });
  t.match(await open(watch, { detach: true, principal: 'r' }).status, { code: 14, reason: 'GATEWAY_LIMIT' });
  const reader = open(watch, { location });
  await take(reader);
  recordings.stop(location, 'p');
  t.match(await reader.status, { code: 1, message: 'the call was stopped' });
  await settled();
  t.same(await take(open(watch, { location })), [1, 2], 'its journal stays');
  open(watch, { detach: true });
  while (recordings.size > 3) await new Promise((resolve) => setTimeout(resolve, 5));
  t.match(await open(watch, { location }).status, { code: 5, reason: 'CALL_GONE' });
  t.match(await open(watch, { location, principal: 'q' }).status, { code: 5, reason: 'CALL_NOT_FOUND' });
});

t.test(
  'a detached call ends at its age; a stream of requests ends its upward half with its client',
  async (t) => {
    const method = await fakeMethods(t);
    const { recordings, calls, open } = fakeRecordings();
    t.teardown(() => recordings.close());
    const old = open(method('Watch', { detachMaxAgeMs: 30 }), { detach: true });
    t.match(await old.read().then(() => old.status), { code: 4, reason: 'DEADLINE_PASSED' });
    const chat = open(method('Chat', { detach: true }), {}, [numbered(1)]);
    const { location } = await startOf(chat);
    void chat.write([numbered(2)]);
    t.equal(calls[1]?.sent.length, 2);
    chat.cancel();
    t.ok(calls[1]?.isHalfClosed);
    t.notOk(calls[1]?.isCancelled);
    calls[1]?.send(numbered(9));
    t.same(await take(open(method('Chat', {}), { location })), [9]);
  },
);

t.test('an idempotency key is one request', async (t) => {
  const method = await fakeMethods(t);
  const { recordings, calls, open } = fakeRecordings();
  t.teardown(() => recordings.close());
  const get = method('Get', {});
  const first = open(get, { idempotencyKey: 'k' });
  calls[0]?.send(numbered(4));
  calls[0]?.end();
  t.same(await next(first), [4]);
  t.same(await next(first), []);
  t.same(await next(open(get, { idempotencyKey: 'k' })), [4], 'after its end');
  t.equal(calls.length, 1);
  t.match(await open(get, { idempotencyKey: 'k' }, [Buffer.from([0x0a, 1, 0x71])]).status, {
    code: 3,
    reason: 'IDEMPOTENCY_CONFLICT',
  });
  open(get, { idempotencyKey: 'k', principal: 'q' });
  open(get, { idempotencyKey: 'l' });
  open(get);
  t.equal(calls.length, 4);
});
