import t, { type Test } from 'tap';
import { WebSocket } from 'ws';
import {
  type ClientOptions,
  Code,
  createClient,
  type SluiceError,
} from '../../../../clients/browser/index.js';
import { fetchRefused } from '../memory-gateway.js';
import { openScriptedSessions, type Peer } from '../scripted-sessions.js';

const method = 'demo.Clock/Tick';
const quick = { reconnectBaseMs: 1, reconnectMaxMs: 5 };

async function setUp(t: Test, options: ClientOptions = {}) {
  const gateway = await openScriptedSessions(t);
  const client = createClient({
    baseUrl: gateway.url,
    WebSocket,
    fetch: fetchRefused,
    ...options,
    session: quick,
  });
  t.teardown(() => client.close());
  return { ...gateway, client };
}

async function collect(messages: AsyncIterable<unknown>) {
  const taken: unknown[] = [];
  try {
    for await (const message of messages) taken.push(message);
  } catch (error) {
    return { taken, error: error as SluiceError };
  }
  return { taken, error: undefined };
}

const ids = (...numbers: number[]) => numbers.map((id) => ({ id }));

/** Accepts the next call of a peer and sends messages with cursors. */
async function serve(peer: Peer, ...numbers: number[]) {
  const open = await peer.take('open');
  peer.accept(open.id);
  for (const id of numbers) peer.message(open.id, { id }, String(id));
  return open;
}

t.test('a stream with cursors moves away from a gateway that shuts down without an error', async (t) => {
  const { client, peer, peers } = await setUp(t);
  const stream = client.call<{ id: number }>(method, {
    request: { every: 1 },
    credit: 8,
    metadata: { a: 'b' },
    onReconnect: () => t.fail('a move is no reconnect'),
  });
  const plain = client.call(method, { request: {} });
  const talk = client.call(method);
  const first = await peer(0);
  await serve(first, 1, 2, 3, 4, 5);
  for (const credit of [1, 16]) first.accept((await first.take('open')).id, credit);
  t.equal((await stream.messages.next()).value?.id, 1);
  t.equal((await stream.messages.next()).value?.id, 2);
  first.send('goAway', { graceMs: 1000, reconnectAfterMs: 1 });

  const second = await peer(1);
  t.match(await second.take('open'), {
    id: 1,
    method,
    metadata: { a: 'b' },
    // Three of eight wait for the page.
    credit: 5,
    cursor: '5',
  });
  t.equal((await first.take('cancel')).id, 1);
  // What the old gateway had on its way comes again on the new one.
  first.message(1, { id: 6 }, '6');
  first.end(1, Code.CANCELLED);
  second.accept(1);
  t.same((await second.take('message')).data, { every: 1 });
  for (const id of [6, 7]) second.message(1, { id }, String(id));
  second.end(1);
  t.same((await collect(stream.messages)).taken, ids(3, 4, 5, 6, 7));
  t.equal((await stream.status).code, Code.OK);
  t.equal(stream.cursor, '7');

  // The calls that cannot move go on where they are, and the old socket goes with the last of them.
  first.message(2, { answer: 1 });
  first.end(2);
  t.same((await collect(plain.messages)).taken, [{ answer: 1 }]);
  await talk.send({ still: 'here' });
  t.same((await first.take('message')).data, { every: 1 });
  await first.take('message');
  t.same((await first.take('message')).data, { still: 'here' });
  t.equal(first.socket.readyState, WebSocket.OPEN);
  first.end(3);
  t.match(await first.closed, { code: 1000 });
  t.equal(peers.length, 2);
});

t.test('the first cursor may come after the gateway said that it leaves', async (t) => {
  const { client, peer } = await setUp(t);
  const stream = client.call(method, { request: {} });
  const first = await peer(0);
  await serve(first);
  first.send('goAway', { graceMs: 1000, reconnectAfterMs: 0 });
  first.message(1, { id: 1 }, '1');
  const second = await peer(1);
  t.equal((await second.take('open')).cursor, '1');
  second.accept(1);
  second.end(1);
  t.same(await collect(stream.messages), { taken: ids(1), error: undefined });
});

t.test('a stream that ends while it wants to move has ended', async (t) => {
  const { client, peer, peers } = await setUp(t);
  const stream = client.call(method, { request: {} });
  const first = await peer(0);
  await serve(first, 1);
  // An hour: the move waits for it, the end does not. No wait of the client is longer than its own bound.
  first.send('goAway', { graceMs: 1000, reconnectAfterMs: 3_600_000 });
  first.message(1, { id: 2 }, '2');
  first.end(1);
  t.same(await collect(stream.messages), { taken: ids(1, 2), error: undefined });
  t.equal(peers.length, 1);
});

t.test('a call that crossed the good-bye is made elsewhere, whatever its kind', async (t) => {
  const { client, peer } = await setUp(t);
  const calls = [client.call(method, { request: {} }), client.call(method)] as const;
  const first = await peer(0);
  const second = peer(1);
  for (const _ of calls) await first.take('open');
  first.send('goAway', { graceMs: 1000, reconnectAfterMs: 1 });
  for (const id of [1, 2]) first.end(id, Code.UNAVAILABLE);
  const sending = calls[1].send({ n: 1 });
  for (const _ of calls) {
    const { id } = await (await second).take('open');
    (await second).accept(id);
    await (await second).take('message');
    (await second).end(id);
  }
  for (const call of calls) t.equal((await call.status).code, Code.OK);
  await sending.catch(() => undefined);
  await first.closed;
});

t.test('a lost socket: streams with cursors go on, all others are UNAVAILABLE', async (t) => {
  const { client, peer, server } = await setUp(t);
  const reconnects: number[] = [];
  const stream = client.call<{ id: number }>(method, {
    request: {},
    ...quick,
    onReconnect: ({ attempt, error }) => {
      t.equal(error.code, Code.UNAVAILABLE);
      reconnects.push(attempt);
    },
  });
  const noCursor = client.call(method, { request: {} });
  const notWanted = client.call(method, { request: {}, resume: false });
  const talk = client.call(method);
  const first = await peer(0);
  await serve(first, 1, 2);
  await serve(first);
  await serve(first, 1);
  first.accept((await first.take('open')).id);
  await talk.send({});
  t.equal((await stream.messages.next()).value?.id, 1);
  // 1006: the connection breaks, and the next two are refused.
  let refusals = 2;
  server.shouldHandle = () => refusals-- <= 0;
  first.socket.terminate();
  for (const call of [noCursor, notWanted, talk]) t.equal((await call.status).code, Code.UNAVAILABLE);
  t.equal((await collect(notWanted.messages)).taken.length, 1, 'what had come is given before the error');
  const second = await peer(1);
  t.equal((await serve(second, 3)).cursor, '2');
  while (stream.cursor !== '3') await stream.messages.next();
  // 1001: the gateway has gone.
  second.socket.close(1001);
  const third = await peer(2);
  t.equal((await serve(third, 4)).cursor, '3');
  third.end(1);
  t.same(await collect(stream.messages), { taken: ids(4), error: undefined });
  t.same(reconnects, [1, 2, 3, 1], 'a message starts the count again');
});

t.test('a passing error resumes, a final one is the end', async (t) => {
  const { client, peer } = await setUp(t);
  const passing = [Code.UNAVAILABLE, Code.RESOURCE_EXHAUSTED, Code.ABORTED, Code.DEADLINE_EXCEEDED];
  const stream = client.call(method, { request: {}, cursor: '0', ...quick });
  const gateway = await peer(0);
  for (const [at, code] of passing.entries()) {
    const { id, cursor } = await serve(gateway, at + 1);
    t.equal(cursor, String(at));
    gateway.end(id, code, { truncated: true });
  }
  gateway.end((await serve(gateway, 5)).id, Code.NOT_FOUND);
  const { taken, error } = await collect(stream.messages);
  t.same(taken, ids(1, 2, 3, 4, 5));
  t.equal(error?.code, Code.NOT_FOUND);

  const timed = client.call(method, { request: {}, cursor: '0', timeoutMs: 60_000, ...quick });
  const { id } = await serve(gateway, 1);
  // Some time goes by, or a quick machine rounds what is left up to the whole.
  await new Promise((resolve) => setTimeout(resolve, 5));
  gateway.end(id, Code.UNAVAILABLE);
  const again = await serve(gateway);
  t.ok(again.timeoutMs < 60_000, 'each attempt is told only the time that is left');
  gateway.end(again.id, Code.DEADLINE_EXCEEDED);
  t.equal((await timed.status).code, Code.DEADLINE_EXCEEDED, "the caller's own time is final");
  t.equal(gateway.frames.filter(({ type }) => type === 'open').length, 7);
});

t.test(
  'after maxReconnects tries in a row the error is final; the wait is what the service asks for',
  async (t) => {
    const { client, peer } = await setUp(t);
    const delays: number[] = [];
    const stream = client.call(method, {
      request: {},
      cursor: '7',
      maxReconnects: 3,
      reconnectBaseMs: 1,
      reconnectMaxMs: 30,
      onReconnect: ({ delayMs }) => delays.push(delayMs),
    });
    const gateway = await peer(0);
    const retryIn = (retryDelay: string) => ({
      status: {
        code: Code.UNAVAILABLE,
        message: 'busy',
        details: [{ '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay }],
      },
    });
    for (const delay of ['0.020s', '86400s', '0.0105s', '1s']) {
      gateway.end((await gateway.take('open')).id, 0, retryIn(delay));
    }
    t.match(await stream.status, { code: Code.UNAVAILABLE, message: 'busy' });
    t.same(delays, [20, 30, 11]);
  },
);

t.test('the signal ends a call between two tries', async (t) => {
  const { client, peer } = await setUp(t);
  const controller = new AbortController();
  const stream = client.call(method, {
    request: {},
    cursor: '1',
    signal: controller.signal,
    reconnectBaseMs: 3_600_000,
    reconnectMaxMs: 3_600_000,
    onReconnect: () => controller.abort(),
  });
  const gateway = await peer(0);
  gateway.end((await gateway.take('open')).id, Code.ABORTED);
  t.equal((await stream.status).code, Code.CANCELLED);
});

t.test('metadata is made anew for each attempt, and a page that cannot make it is told', async (t) => {
  let token = 0;
  const { client, peer } = await setUp(t, {
    metadata: async () => {
      token += 1;
      if (token === 3) throw new Error('logged out');
      return { authorization: `Bearer ${token}` };
    },
  });
  const stream = client.call(method, { request: {}, cursor: '1', ...quick });
  const gateway = await peer(0);
  for (const authorization of ['Bearer 1', 'Bearer 2']) {
    const { id, metadata } = await gateway.take('open');
    t.same(metadata, { authorization });
    gateway.end(id, Code.UNAVAILABLE);
  }
  t.match((await collect(stream.messages)).error, { code: Code.UNKNOWN, cause: { message: 'logged out' } });
});

t.test('what was dropped and where a gap is are told', async (t) => {
  const { client, peer } = await setUp(t);
  const told: unknown[] = [];
  const stream = client.call(method, {
    request: {},
    cursor: '41',
    onDropped: (count) => told.push(count),
    onGap: (gap) => told.push(gap),
  });
  const gateway = await peer(0);
  await serve(gateway);
  gateway.send('gap', { id: 1, requested: '41', resumed: '97' });
  gateway.send('dropped', { id: 1, count: 3 });
  gateway.message(1, { id: 98 }, '98');
  gateway.send('dropped', { id: 1, count: 4 });
  gateway.end(1);
  t.same((await collect(stream.messages)).taken, ids(98));
  t.same(told, [{ requested: '41', resumed: '97' }, 3, 4]);
  t.equal(stream.dropped, 7);
});

t.test('a callback of the page that throws ends its own call, and no other', async (t) => {
  const { client, peer } = await setUp(t);
  const oops = new Error('oops');
  const bad = client.call(method, {
    request: {},
    onDropped: () => {
      throw oops;
    },
  });
  const good = client.call(method, { request: {} });
  const gateway = await peer(0);
  await serve(gateway);
  await serve(gateway);
  gateway.send('dropped', { id: 1, count: 1 });
  t.match((await collect(bad.messages)).error, { code: Code.UNKNOWN, cause: oops });
  t.equal((await gateway.take('cancel')).id, 1);
  gateway.end(2);
  t.equal((await good.status).code, Code.OK);
});
