import t, { type Test } from 'tap';
import type { Reader } from '../../../../gateway/recording/record/reader.js';
import { NatsLink } from '../../../../gateway/recording/replica/index.js';
import type { Method } from '../../../../gateway/schema/index.js';
import { NO_NATS, openNats } from '../../../support/nats-server.js';
import { fakeMethods, fakeRecordings, numbered, numberOf } from '../record/fake-service.js';
import { openReplica } from '../record/open-replica.js';

const awake = setInterval(() => {}, 1_000);
t.teardown(() => clearInterval(awake));

const requestCodec = { fromJson: () => Buffer.from([0x10, 0x02]) } as never;

const ASK = [Buffer.from([0x0a, 0x01, 0x61])];

async function take(reader: Reader, count: number): Promise<{ numbers: number[]; gaps: number }> {
  const numbers: number[] = [];
  let gaps = 0;
  while (numbers.length < count) {
    const batch = await reader.read();
    if (batch === undefined) break;
    if (batch.gap !== undefined) gaps += 1;
    for (const message of batch) numbers.push(numberOf(message));
  }
  return { numbers, gaps };
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 10));
}

/** A gateway that goes on with calls of this method for others. */
async function openHeir(t: Test, address: string, method: Method) {
  const gateway = await openReplica(t, address);
  gateway.replicas.adopter = {
    knows: async (kind) => kind.method === method.path && gateway.recordings.isSame(method, kind.version),
    adopt: async (epoch, record, request) =>
      gateway.recordings.adopt(epoch, record, request, { method, requestCodec, onHealed: () => {} }),
  };
  return gateway;
}

t.test('gateways that hand recordings over', { skip: NO_NATS, timeout: 60_000 }, async (t) => {
  const nats = await openNats(t);
  const method = await fakeMethods(t);
  const leave = ({ replicas, recordings }: Awaited<ReturnType<typeof openReplica>>) => {
    replicas.leave();
    return recordings.leave();
  };

  t.test(
    'to one whose clients follow it: by cursor, in the same journal, and all clients read on',
    async (t) => {
      const [a, b] = [await openReplica(t, nats.address), await openReplica(t, nats.address)];
      const numbers = method('Numbers', { sharing: 'everyone', start: 'beginning' });
      const here = a.open(numbers, { requestCodec }, ASK);
      await here.start;
      a.calls[0]?.send(numbered(1), numbered(2));
      t.same((await take(here, 2)).numbers, [1, 2]);
      await leave(a);
      t.notOk(a.calls[0]?.isCancelled, 'it leads until another gateway can');
      a.calls[0]?.send(numbered(3));
      t.same((await take(here, 1)).numbers, [3]);

      const there = b.open(numbers, { requestCodec }, ASK);
      t.same((await take(there, 3)).numbers, [1, 2, 3]);
      await until(() => b.calls.length > 0);
      t.match(b.calls[0]?.request.resume?.last, { kind: 'cursor', cursor: '3' });
      await until(() => a.calls[0]?.isCancelled === true);
      b.calls[0]?.send(numbered(4));
      t.same(await take(there, 1), { numbers: [4], gaps: 0 });
      t.same(await take(here, 1), { numbers: [4], gaps: 0 }, 'who is still here follows');
      t.equal(a.calls.length + b.calls.length, 2);
      await a.close();
      b.calls[0]?.send(numbered(5));
      t.same((await take(there, 1)).numbers, [5]);
      t.equal(b.calls.length, 1, 'that the other has left changes nothing');
    },
  );

  t.test(
    'one that goes on without clients: to a gateway that has never heard of it, with its request',
    async (t) => {
      const numbers = method('Numbers', { sharing: 'none', keyMetadata: [] });
      const a = await openReplica(t, nats.address);
      const reader = a.open(numbers, { requestCodec, detach: true, metadata: [['x-user', 'u']] }, ASK);
      const { location = '' } = (await reader.start) ?? {};
      a.calls[0]?.send(numbered(1), numbered(2));
      t.same((await take(reader, 2)).numbers, [1, 2]);
      reader.cancel();
      const stranger = await openHeir(t, nats.address, method('Watch'));
      const b = await openHeir(t, nats.address, numbers);
      await leave(a);
      await until(() => b.calls.length > 0);
      t.equal(stranger.calls.length, 0, 'not to one that does not know the method');
      t.match(b.calls[0]?.request.resume?.last, { kind: 'cursor', cursor: '2' });
      t.same(b.calls[0]?.request.metadata, [['x-user', 'u']]);
      t.same(
        b.calls[0]?.sent.map((bytes) => Buffer.from(bytes)),
        [Buffer.from([0x0a, 0x01, 0x61])],
      );
      await a.close();
      b.calls[0]?.send(numbered(3));
      await b.recordings.bring(location, () => numbers);
      const joined = b.open(numbers, { location });
      t.same(await take(joined, 3), { numbers: [1, 2, 3], gaps: 0 });
      joined.cancel();
      // It goes on without clients, as it did.
      const c = await openHeir(t, nats.address, numbers);
      await leave(b);
      await until(() => c.calls.length > 0);
      t.match(c.calls[0]?.request.resume?.last, { kind: 'cursor', cursor: '3' });
      t.match(c.recordings.stateAt(location, 'p'), { ended: undefined });
    },
  );

  t.test(
    'one that goes on without clients, and whose gateway vanishes: its deputy has the request',
    async (t) => {
      const numbers = method('Numbers', { sharing: 'none', lingerMs: 1, keyMetadata: ['x-d'] });
      const link = await NatsLink.open([nats.address]);
      t.teardown(() => link.close());
      let kept = 0;
      link.listen('sluice.keep.*', () => {
        kept += 1;
        return undefined;
      });
      const a = await openReplica(t, nats.address);
      const [b, c] = [await openHeir(t, nats.address, numbers), await openHeir(t, nats.address, numbers)];
      const resume = {
        id: '7',
        last: { kind: 'cursor', cursor: '7' },
        field: Buffer.from([0x10, 7]),
      } as const;
      const more = { requestCodec, resume, detach: true, metadata: [['x-user', 'u']] } as const;
      const reader = a.open(numbers, more, ASK);
      const { location = '' } = (await reader.start) ?? {};
      reader.cancel();
      await until(() => kept > 0);
      // Its answer has come as well.
      await new Promise((resolve) => setTimeout(resolve, 100));
      const begun = performance.now();
      await a.vanish();
      await until(() => b.calls.length + c.calls.length > 0);
      t.ok(performance.now() - begun < 5_000);
      const [heir, last] = b.calls.length > 0 ? [b, c] : [c, b];
      t.match(heir.calls[0]?.request, { resume: undefined, metadata: [['x-user', 'u']] });
      t.same(
        Buffer.concat(heir.calls[0]?.sent ?? []),
        Buffer.concat([...ASK, resume.field]),
        'from where it began',
      );
      heir.calls[0]?.send(numbered(8), numbered(9));
      await last.recordings.bring(location, () => numbers);
      const joined = last.open(numbers, { location });
      t.same(await take(joined, 2), { numbers: [8, 9], gaps: 0 });
      await until(() => kept > 1);
      await new Promise((resolve) => setTimeout(resolve, 100));
      await heir.vanish();
      await until(() => last.calls.length > 0);
      t.match(last.calls[0]?.request.resume?.last, { kind: 'cursor', cursor: '9' });
      last.calls[0]?.send(numbered(10));
      t.same(await take(joined, 1), { numbers: [10], gaps: 0 }, 'who reads it at its location reads on');
    },
  );

  t.test('one that cannot be gone on with is waited for, where it goes on without clients', async (t) => {
    const watch = method('Watch');
    const [a, b] = [await openReplica(t, nats.address), await openHeir(t, nats.address, watch)];
    const reader = a.open(watch, { detach: true });
    await reader.start;
    a.calls[0]?.send(numbered(1));
    await take(reader, 1);
    let isOver = false;
    const left = leave(a).then(() => {
      isOver = true;
    });
    await new Promise((resolve) => setTimeout(resolve, 300));
    t.notOk(isOver || a.calls[0]?.isCancelled);
    a.calls[0]?.end();
    await left;
    t.equal(b.calls.length, 0, 'it is never made twice');
  });

  t.test('who comes back with a cursor shares the call of another gateway', async (t) => {
    const numbers = method('Numbers', { sharing: 'everyone', start: 'beginning', keyMetadata: ['w'] });
    const [a, b] = [await openReplica(t, nats.address), await openReplica(t, nats.address)];
    const first = a.open(numbers, { requestCodec }, ASK);
    await first.start;
    a.calls[0]?.send(numbered(1), numbered(2), numbered(3));
    await take(first, 3);
    const cursors = [1, 2, 3].map((last) => ({
      id: String(last),
      last: { kind: 'cursor', cursor: String(last) } as const,
      field: Buffer.from([0x10, last]),
    }));
    const readers = cursors.map((resume) => b.open(numbers, { requestCodec, resume }, ASK));
    a.calls[0]?.send(numbered(4));
    t.same((await take(readers[0] as Reader, 3)).numbers, [2, 3, 4]);
    t.same((await take(readers[1] as Reader, 2)).numbers, [3, 4]);
    t.same((await take(readers[2] as Reader, 1)).numbers, [4]);
    t.equal(b.calls.length, 0);
  });
});

t.test('without other gateways a call that goes on without clients is waited for', async (t) => {
  const method = await fakeMethods(t);
  const { open, calls, recordings } = fakeRecordings();
  t.teardown(() => recordings.close());
  const numbers = method('Numbers');
  const other = open(numbers, { requestCodec });
  await recordings.leave();
  t.pass('not for one with a client, who is sent elsewhere');
  other.cancel();
  const reader = open(numbers, { requestCodec, detach: true });
  await reader.start;
  reader.cancel();
  let isOver = false;
  const left = recordings.leave().then(() => {
    isOver = true;
  });
  await new Promise((resolve) => setTimeout(resolve, 250));
  t.notOk(isOver);
  calls[1]?.end();
  await left;
});
