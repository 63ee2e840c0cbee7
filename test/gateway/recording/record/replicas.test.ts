import t, { type Test } from 'tap';
import type { Reader } from '../../../../gateway/recording/record/reader.js';
import { NatsLink } from '../../../../gateway/recording/replica/index.js';
import { RpcError } from '../../../../gateway/status/index.js';
import { NO_NATS, openNats } from '../../../support/nats-server.js';
import { fakeMethods, nothingTold, numbered, numberOf, requestOf, seen } from './fake-service.js';
import { openReplica as openNamed } from './open-replica.js';

const awake = setInterval(() => {}, 1_000);
t.teardown(() => clearInterval(awake));

/** A gateway that is asked for the same as the others. */
function openReplica(t: Test, address: string) {
  return openNamed(t, address, {}, { ...nothingTold(), request: 'a' });
}

/** Numbers that it is handed, until there are so many. */
async function take(reader: Reader, count: number): Promise<number[]> {
  const numbers: number[] = [];
  while (numbers.length < count) {
    const batch = await reader.read();
    if (batch === undefined) break;
    for (const message of batch) numbers.push(numberOf(message));
  }
  return numbers;
}

/** Why something is refused. */
function reasonOf(refused: () => unknown): string | undefined {
  try {
    refused();
    return undefined;
  } catch (reason) {
    return RpcError.from(reason).reason;
  }
}

async function epochOf(reader: Reader): Promise<string> {
  const start = await reader.start;
  return /^~([\w-]+)\./.exec(start?.lastEventId ?? '')?.[1] ?? '';
}

t.test('gateways that share a journal', { skip: NO_NATS, timeout: 60_000 }, async (t) => {
  const nats = await openNats(t);
  const method = await fakeMethods(t);

  t.test(
    'an equal request on another gateway follows the same call, with its ids, and its end',
    async (t) => {
      const [a, b] = [await openReplica(t, nats.address), await openReplica(t, nats.address)];
      const watch = method('Watch', { sharing: 'principal', start: 'beginning' });
      const first = a.open(watch);
      const epoch = await epochOf(first);
      a.calls[0]?.send(numbered(1), numbered(2));
      t.same(await take(first, 2), [1, 2]);
      const second = b.open(watch);
      t.equal(await epochOf(second), epoch);
      t.same(await take(second, 2), [1, 2]);
      t.same(await second.headers, [['x-from', 'service']]);
      a.calls[0]?.send(numbered(3));
      const batch = await second.read();
      t.equal(batch?.ids?.of(0), `~${epoch}.3`);
      t.equal(b.calls.length, 0, 'it made no call');
      const other = b.open(watch, { principal: 'q' });
      await other.start;
      t.equal(b.calls.length, 1, "another principal's is another call");
      const resumed = b.open(watch, { resume: seen(epoch, 1) });
      t.same(await take(resumed, 2), [2, 3]);
      const foreign = b.open(watch, { principal: 'q', resume: seen(epoch, 1) });
      t.not(await epochOf(foreign), epoch, "another principal's is not found by its id");
      a.calls[0]?.end({ code: 5, message: 'no more', trailers: [['x-t', '1']] });
      t.equal(await second.read(), undefined);
      const { code, message, trailers } = await second.status;
      t.same({ code, message, trailers }, { code: 5, message: 'no more', trailers: [['x-t', '1']] });
      const late = b.open(watch, { resume: seen(epoch, 2) });
      t.same(await take(late, 9), [3], 'also after its end');
      t.equal((await late.status).code, 5);
      const again = b.open(watch);
      t.not(await epochOf(again), epoch, 'after its end an equal request is a new call');
    },
  );

  t.test('a message that is larger than NATS takes is cut, and whole again', async (t) => {
    const [a, b] = [await openReplica(t, nats.address), await openReplica(t, nats.address)];
    const watch = method('Watch', { sharing: 'everyone', start: 'beginning' });
    const first = a.open(watch);
    await first.start;
    const large = numbered(7, 'k'.repeat(100));
    a.calls[0]?.send(Buffer.concat([large, Buffer.alloc(3_000_000, 0x18)]), numbered(8));
    await first.read();
    const second = b.open(watch);
    const lengths: number[] = [];
    while (lengths.length < 2) for (const { length } of (await second.read()) ?? []) lengths.push(length);
    t.same(lengths, [large.length + 3_000_000, numbered(8).length]);
  });

  t.test('who asks at once on both makes one call', async (t) => {
    const [a, b] = [await openReplica(t, nats.address), await openReplica(t, nats.address)];
    const watch = method('Watch', { sharing: 'everyone', start: 'beginning', keyMetadata: ['x'] });
    for (let round = 0; round < 10; round += 1) {
      const more = { metadata: [['x', String(round)]] as const };
      const readers = [a.open(watch, more), b.open(watch, more), a.open(watch, more), b.open(watch, more)];
      const epochs = await Promise.all(readers.map(epochOf));
      t.equal(new Set(epochs).size, 1);
    }
    t.equal(a.calls.length + b.calls.length, 10);
  });

  t.test('a call is found by its location, its key and is stopped, whichever gateway is asked', async (t) => {
    const [a, b] = [await openReplica(t, nats.address), await openReplica(t, nats.address)];
    const watch = method('Watch');
    const first = a.open(watch, { detach: true, idempotencyKey: 'once' });
    const { location = '' } = (await first.start) ?? {};
    t.ok(location);
    a.calls[0]?.send(numbered(1), numbered(2));
    t.same(await take(first, 2), [1, 2]);
    first.cancel();
    t.equal(
      reasonOf(() => b.recordings.stateAt(location, 'p')),
      'CALL_NOT_FOUND',
      'it has not looked yet',
    );
    const methodOf = () => watch;
    await b.recordings.bring(location, methodOf);
    t.match(b.recordings.stateAt(location, 'p'), { ended: undefined, lastId: /\.2$/ });
    t.equal(
      reasonOf(() => b.recordings.stateAt(location, 'q')),
      'CALL_NOT_FOUND',
    );
    t.equal(
      reasonOf(() => b.recordings.stop(location, 'q')),
      'CALL_NOT_FOUND',
    );
    const joined = b.open(watch, { location });
    t.same(await take(joined, 2), [1, 2]);
    const same = b.open(watch, { idempotencyKey: 'once' });
    t.same(await take(same, 2), [1, 2]);
    t.equal((await same.start)?.location, location);
    const request = [requestOf('b')];
    t.match(await b.open(watch, { idempotencyKey: 'once' }, request).status, {
      reason: 'IDEMPOTENCY_CONFLICT',
    });
    t.equal(b.calls.length, 0);
    await b.recordings.bring('A'.repeat(22), methodOf);
    t.equal(
      reasonOf(() => b.recordings.stateAt('A'.repeat(22), 'p')),
      'CALL_NOT_FOUND',
    );
    b.recordings.stop(location, 'p');
    t.equal(await joined.read(), undefined);
    t.match(await joined.status, { code: 1, message: 'the call was stopped' });
    t.ok(a.calls[0]?.isCancelled);
  });

  t.test('what has no key is found by its id alone, by who may', async (t) => {
    const [a, b] = [await openReplica(t, nats.address), await openReplica(t, nats.address)];
    const watch = method('Watch');
    const first = a.open(watch);
    const epoch = await epochOf(first);
    a.calls[0]?.send(numbered(1), numbered(2));
    t.same(await take(first, 2), [1, 2]);
    t.same(await take(b.open(watch, { resume: seen(epoch, 1) }), 1), [2]);
    t.equal(b.calls.length, 0);
    t.match(
      await b.open(watch, { resume: seen(epoch, 3) }).status,
      { reason: 'INVALID_CURSOR' },
      'the future',
    );
    const other = b.open(watch, { resume: seen(epoch, 1) }, [requestOf('b')]);
    t.match(await other.start, { gap: { requested: `~${epoch}.1` } }, "another request's id is unknown");
  });

  t.test(
    'a call with cursors whose gateway is gone goes on without a gap, in the same journal',
    async (t) => {
      const [a, b] = [await openReplica(t, nats.address), await openReplica(t, nats.address)];
      const numbers = method('Numbers', { sharing: 'everyone', start: 'beginning' });
      const requestCodec = { fromJson: () => Buffer.from([0x10, 0x02]) } as never;
      const first = a.open(numbers, { requestCodec });
      await first.start;
      const second = b.open(numbers, { requestCodec });
      const third = b.open(numbers, { requestCodec });
      a.calls[0]?.send(numbered(1), numbered(2));
      t.same(await take(second, 2), [1, 2]);
      await a.close();
      while (b.calls.length === 0) await new Promise((resolve) => setTimeout(resolve, 20));
      t.match(b.calls[0]?.request.resume?.last, { kind: 'cursor', cursor: '2' });
      b.calls[0]?.send(numbered(3), numbered(4));
      const batch = await second.read();
      t.same([...(batch ?? [])].map(numberOf), [3, 4]);
      t.equal(batch?.gap, undefined);
      t.same(await take(third, 4), [1, 2, 3, 4]);
      t.equal(b.calls.length, 1);
    },
  );

  t.test('a gateway that vanishes without a word is succeeded within five seconds', async (t) => {
    const [a, b, c] = [
      await openReplica(t, nats.address),
      await openReplica(t, nats.address),
      await openReplica(t, nats.address),
    ];
    const numbers = method('Numbers', { sharing: 'everyone', start: 'beginning', keyMetadata: ['v'] });
    const requestCodec = { fromJson: () => Buffer.from([0x10, 0x02]) } as never;
    const first = a.open(numbers, { requestCodec });
    await first.start;
    const readers = [b.open(numbers, { requestCodec }), c.open(numbers, { requestCodec })];
    a.calls[0]?.send(numbered(1));
    for (const reader of readers) t.same(await take(reader, 1), [1]);
    const begun = performance.now();
    await a.vanish();
    while (b.calls.length + c.calls.length === 0) await new Promise((resolve) => setTimeout(resolve, 20));
    [...b.calls, ...c.calls][0]?.send(numbered(2));
    for (const reader of readers) t.same(await take(reader, 1), [2]);
    t.ok(performance.now() - begun < 5_000);
    t.equal(b.calls.length + c.calls.length, 1, 'one of them leads');
  });

  t.test(
    'NATS is killed and comes back: nobody misses a message, and who comes meanwhile is told',
    async (t) => {
      const [a, b] = [await openReplica(t, nats.address), await openReplica(t, nats.address)];
      const watch = method('Watch', { sharing: 'everyone', start: 'beginning', keyMetadata: ['z'] });
      const first = a.open(watch);
      await first.start;
      const second = b.open(watch);
      a.calls[0]?.send(numbered(1));
      t.same(await take(second, 1), [1]);
      await nats.kill();
      a.calls[0]?.send(numbered(2));
      a.calls[0]?.send(numbered(3));
      const refused = b.open(watch, { metadata: [['z', '1']] });
      t.match(await refused.status, { code: 14, reason: 'JOURNAL_UNREACHABLE' });
      await nats.start();
      t.same(await take(second, 2), [2, 3]);
      t.same(await take(first, 3), [1, 2, 3]);
      a.calls[0]?.send(numbered(4));
      t.same(await take(second, 1), [4]);
      t.equal(b.calls.length, 0, 'nobody believed that the other is gone');
    },
  );

  t.test('a call with cursors that its gateway has given up is gone on with at the service', async (t) => {
    const [a, b] = [await openReplica(t, nats.address), await openReplica(t, nats.address)];
    const numbers = method('Numbers', { sharing: 'everyone', start: 'beginning', keyMetadata: ['w'] });
    const requestCodec = { fromJson: () => Buffer.from([0x10, 0x01]) } as never;
    const first = a.open(numbers, { requestCodec });
    await first.start;
    const readers = [b.open(numbers, { requestCodec }), b.open(numbers, { requestCodec })];
    a.calls[0]?.send(numbered(1));
    for (const reader of readers) t.same(await take(reader, 1), [1]);
    const next = readers.map((reader) => reader.read());
    a.recordings.close();
    while (b.calls.length === 0) await new Promise((resolve) => setTimeout(resolve, 20));
    b.calls[0]?.send(numbered(2));
    for (const read of next) {
      const batch = await read;
      t.same([...(batch ?? [])].map(numberOf), [2]);
      t.equal(batch?.gap, undefined, 'nobody misses a message');
    }
    t.same(
      b.calls.map(({ request }) => request.resume?.id),
      ['1'],
      'one call for both, behind what they have read',
    );
  });

  t.test('a call without cursors whose gateway is gone is made again, behind a gap', async (t) => {
    const [a, b] = [await openReplica(t, nats.address), await openReplica(t, nats.address)];
    const watch = method('Watch', { sharing: 'everyone', start: 'beginning', keyMetadata: ['y'] });
    const first = a.open(watch);
    const epoch = await epochOf(first);
    const second = b.open(watch);
    a.calls[0]?.send(numbered(1));
    t.same(await take(second, 1), [1]);
    const next = second.read();
    const begun = performance.now();
    await a.close();
    while (b.calls.length === 0) await new Promise((resolve) => setTimeout(resolve, 20));
    b.calls[0]?.send(numbered(5));
    const batch = await next;
    t.ok(performance.now() - begun < 5_000);
    t.same([...(batch ?? [])].map(numberOf), [5]);
    t.equal(batch?.gap?.requested, `~${epoch}.1`);
    t.match(batch?.gap?.resumed, /^~[\w-]{22}\.0$/);
    t.notMatch(batch?.gap?.resumed, epoch);
  });
});

t.test(
  'a server that is not there, or has no JetStream, is an error that says so',
  { skip: NO_NATS },
  async (t) => {
    await t.rejects(NatsLink.open(['127.0.0.1:1']), { message: /^journal: cannot reach 127\.0\.0\.1:1: / });
    const nats = await openNats(t, '-js=false');
    await t.rejects(NatsLink.open([nats.address]), { message: /^journal: .* has no JetStream/ });
  },
);
