import { getEventListeners } from 'node:events';
import t, { type Test } from 'tap';
import { WebSocket } from 'ws';
import {
  type ClientOptions,
  Code,
  createClient,
  type SluiceError,
} from '../../../../clients/browser/index.js';
import { openScriptedSessions, type Peer } from '../scripted-sessions.js';

const method = 'demo.Room/Talk';
const noOrigin = { reason: undefined, domain: undefined };
/** So quick that no test waits for it; that waits grow and are random is shown in backoff.test.ts. */
const quick = { reconnectBaseMs: 1, reconnectMaxMs: 5 };

async function setUp(t: Test, options: ClientOptions = {}, onPeer?: (peer: Peer) => void) {
  const gateway = await openScriptedSessions(t, onPeer);
  const client = createClient({
    baseUrl: gateway.url,
    WebSocket,
    ...options,
    session: { ...quick, ...options.session },
  });
  t.teardown(() => client.close());
  return { ...gateway, client };
}

/** Takes all messages, and the error if the loop ends with one. */
async function collect(messages: AsyncIterable<unknown>) {
  const taken: unknown[] = [];
  try {
    for await (const message of messages) taken.push(message);
  } catch (error) {
    return { taken, error: error as SluiceError };
  }
  return { taken, error: undefined };
}

async function failureOf(pending: PromiseLike<unknown>): Promise<SluiceError> {
  try {
    await pending;
  } catch (error) {
    return error as SluiceError;
  }
  throw new Error('it did not fail');
}

const typesOf = (peer: Peer) => peer.frames.map(({ type }) => type);

t.test('one request, one answer: everything the service sent is there', async (t) => {
  const { client, peer, offered } = await setUp(t, { metadata: { tenant: 'a', who: 'all' } });
  const call = client.call(`/${method}`, {
    request: { text: 'hello' },
    metadata: { who: 'ada' },
    timeoutMs: 600_000,
    cursor: '41',
    credit: 3,
  });
  const gateway = await peer(0);
  const open = await gateway.take('open');
  t.match(open, { id: 1, method, metadata: { tenant: 'a', who: 'ada' }, credit: 3, cursor: '41' });
  t.ok(open.timeoutMs > 500_000 && open.timeoutMs <= 600_000);
  t.equal(gateway.frames.length, 1, 'no message before the gateway has room for it');
  gateway.accept(open.id);
  t.same((await gateway.take('message')).data, { text: 'hello' });
  await gateway.take('halfClose');
  gateway.send('headers', { id: 1, metadata: { shard: '7', ['__proto__']: 'x' } });
  gateway.message(1, { text: 'you' });
  gateway.end(1, 0, { trailers: { cost: '3' } });
  t.same(await call.result(), { text: 'you' });
  t.match(await call.headers, { shard: '7' });
  t.equal(Object.getPrototypeOf(await call.headers), Object.prototype);
  t.same(await call.status, { code: 0, status: 'OK', message: '', details: [], ...noOrigin });
  t.same(await call.trailers, { cost: '3' });
  t.same(offered, [['sluice.v1.json']]);
  t.same(await call.messages.next(), { done: true, value: undefined });
  await t.rejects(call.send({}), { code: Code.FAILED_PRECONDITION, message: /request was given/ });
  await call.end();
});

t.test('a failed call says how, and no promise of it is ever unhandled', async (t) => {
  const { client, peer } = await setUp(t);
  const details = [{ '@type': 'type.googleapis.com/google.rpc.BadRequest' }];
  const unheeded = client.call(method, { request: {} });
  const gateway = await peer(0);
  await gateway.take('open');
  // Refused without `opened`, as an unknown method is.
  gateway.end(1, Code.UNIMPLEMENTED);
  t.match(await unheeded.status, { code: Code.UNIMPLEMENTED, status: 'UNIMPLEMENTED' });
  t.same(await unheeded.headers, {});

  const call = client.call(method, { request: {} });
  await gateway.take('open');
  gateway.accept(2);
  gateway.message(2, { n: 1 });
  gateway.end(2, 5, {
    status: { code: 5, message: 'no room', details },
    trailers: { a: 'b' },
    truncated: true,
  });
  const { taken, error } = await collect(call.messages);
  t.same(taken, [{ n: 1 }], 'what came before the failure is given first');
  t.match(error, { code: Code.NOT_FOUND, message: 'no room', details, truncated: true });
  t.same(await call.status, { code: 5, status: 'NOT_FOUND', message: 'no room', details, ...noOrigin });
  t.same(await call.trailers, { a: 'b' });
  await t.rejects(client.call(method, { request: {}, signal: AbortSignal.abort() }).result(), {
    code: Code.CANCELLED,
  });
});

t.test('messages go out in order as the gateway has room, the half-close last', async (t) => {
  const { client, peer } = await setUp(t);
  const call = client.call(method);
  const sent: number[] = [];
  const sending = [1, 2, 3, 4].map((n) => call.send({ n }).then(() => sent.push(n)));
  const ended = call.end();
  t.equal(call.end(), ended);
  await t.rejects(call.send({}), { code: Code.FAILED_PRECONDITION, message: /half-close/ });
  const gateway = await peer(0);
  await gateway.take('open');
  gateway.accept(1, 2);
  for (const n of [1, 2]) t.same((await gateway.take('message')).data, { n });
  await Promise.all(sending.slice(0, 2));
  // Frames are in order: were there a third message, it would be before this ping's answer.
  gateway.send('headers', { id: 1, metadata: {} });
  await call.headers;
  t.same(sent, [1, 2]);
  gateway.grant(1, 1);
  t.same((await gateway.take('message')).data, { n: 3 });
  gateway.grant(1, 7);
  t.same((await gateway.take('message')).data, { n: 4 });
  await gateway.take('halfClose');
  await Promise.all([...sending, ended]);
  t.same(typesOf(gateway), ['open', 'message', 'message', 'message', 'message', 'halfClose']);
  gateway.end(1);
  t.same(await collect(call.messages), { taken: [], error: undefined });
  await t.rejects(call.send({}), { code: Code.FAILED_PRECONDITION });
});

t.test('room is granted as the page takes, and only then', async (t) => {
  const { client, peer } = await setUp(t);
  const call = client.call<{ n: number }>(method, { request: {}, credit: 5 });
  const gateway = await peer(0);
  t.equal((await gateway.take('open')).credit, 5);
  gateway.accept(1);
  let granted = 5;
  let written = 0;
  let taken = 0;
  for (let round = 0; round < 20; round += 1) {
    while (written < granted) gateway.message(1, { n: ++written });
    // Half of the window, rounded up, and one frame for it.
    for (let n = 0; n < 3; n += 1) {
      t.equal((await call.messages.next()).value?.n, ++taken);
      if (n < 2) t.equal(gateway.frames.filter(({ type }) => type === 'credit').length, round);
    }
    const { messages } = await gateway.take('credit');
    t.equal(messages, 3);
    granted += messages;
    t.ok(granted - taken <= 5, 'never more on their way than the window');
  }
});

t.test('bytes are granted when the page is done with them: by default 1 MiB and one message', async (t) => {
  const { client, peer } = await setUp(t);
  const call = client.call<{ n: number }>(method, { request: {} });
  const gateway = await peer(0);
  t.match(await gateway.take('open'), { credit: 16, creditBytes: 1024 * 1024 });
  gateway.accept(1);
  const credits = () => gateway.frames.filter(({ type }) => type === 'credit').length;
  gateway.message(1, { n: 1 }, '', 1_000_000);
  gateway.message(1, { n: 2 }, '', 1_000_000);
  t.equal((await call.messages.next()).value?.n, 1);
  // The frames of one direction are in order: were there a grant, it would be before this one.
  const other = client.call(method, { request: {} });
  await gateway.take('open');
  t.equal(credits(), 0, 'the page still works on the first one');
  t.equal((await call.messages.next()).value?.n, 2);
  t.match(await gateway.take('credit'), { id: 1, messages: 1, bytes: 1_000_000 });
  const third = call.messages.next();
  t.match(await gateway.take('credit'), { id: 1, messages: 1, bytes: 1_000_000 });
  gateway.message(1, { n: 3 }, '', 5);
  t.equal((await third).value?.n, 3);
  other.cancel();
});

t.test('one byte: one message at a time, of any size; 0: no bound in bytes', async (t) => {
  const { client, peer } = await setUp(t);
  const call = client.call<{ n: number }>(method, { request: {}, creditBytes: 1 });
  const gateway = await peer(0);
  t.match(await gateway.take('open'), { credit: 16, creditBytes: 1 });
  gateway.accept(1);
  for (const [index, bytes] of [7, 4_000_000, 1].entries()) {
    gateway.message(1, { n: index }, '', bytes);
    t.equal((await call.messages.next()).value?.n, index);
    call.messages.next().catch(() => undefined);
    t.equal((await gateway.take('credit')).bytes, bytes);
    gateway.message(1, { n: index }, '', 0);
  }
  call.cancel();

  client.call(method, { request: {}, creditBytes: 0 });
  const { id, creditBytes } = await gateway.take('open');
  t.equal(creditBytes, undefined, 'a field that gateways of before refuse');
  gateway.accept(id);
  gateway.message(id, {}, '', 5_000_000);
  gateway.message(id, {}, '', 5_000_000);
  gateway.end(id);
});

t.test('a call that resumes counts what the page still holds', async (t) => {
  const { client, peer } = await setUp(t);
  const call = client.call<{ n: number }>(method, { request: {}, creditBytes: 100, reconnectBaseMs: 1 });
  const gateway = await peer(0);
  await gateway.take('open');
  gateway.accept(1);
  gateway.message(1, { n: 1 }, 'a', 60);
  gateway.message(1, { n: 2 }, 'b', 30);
  gateway.end(1, Code.UNAVAILABLE);
  t.match(await gateway.take('open'), { id: 2, credit: 14, creditBytes: 10, cursor: 'b' });
  gateway.accept(2);
  gateway.message(2, { n: 3 }, 'c', 200);
  gateway.end(2, Code.UNAVAILABLE);
  t.match(await gateway.take('open'), { id: 3, credit: 0, creditBytes: 1, cursor: 'c' }, 'it is full');
  gateway.accept(3);
  const taken: number[] = [];
  for (let count = 0; count < 3; count += 1) taken.push((await call.messages.next()).value?.n ?? 0);
  t.same(taken, [1, 2, 3]);
  t.equal(gateway.frames.filter(({ type }) => type === 'credit').length, 0);
  const last = call.messages.next();
  t.match(await gateway.take('credit'), { id: 3, messages: 16, bytes: 99 });
  gateway.message(3, { n: 4 }, 'd', 1);
  t.equal((await last).value?.n, 4);
  gateway.end(3);
  await call.status;
});

t.test('messages go out while the gateway takes bytes of them, as JSON has them', async (t) => {
  const { client, peer } = await setUp(t);
  const call = client.call(method);
  const text = 'é😀'.repeat(1_000);
  const bytes = Buffer.byteLength(JSON.stringify({ text }));
  const sending = [1, 2, 3, 4].map(() => call.send({ text }));
  const gateway = await peer(0);
  await gateway.take('open');
  gateway.accept(1, 10, bytes + 1);
  const messages = () => gateway.frames.filter(({ type }) => type === 'message').length;
  await Promise.all([...sending.slice(0, 2), gateway.take('message'), gateway.take('message')]);
  gateway.grant(1, 1);
  gateway.grant(1, 0, bytes - 1);
  gateway.send('headers', { id: 1, metadata: {} });
  await call.headers;
  // The frames of one direction are in order: were there a message, it would be before this one.
  const fence = client.call(method, { request: {} });
  await gateway.take('open');
  fence.cancel();
  t.equal(messages(), 2, 'paid back to 0 is not enough');
  gateway.grant(1, 0, 1);
  await gateway.take('message');
  t.equal(messages(), 3);
  gateway.grant(1, 0, bytes);
  await Promise.all(sending);
  await call.end();
  gateway.end(1);
  t.equal((await call.status).code, Code.OK);
});

t.test('a gateway that does not know bytes is spoken to as before', async (t) => {
  const { client, peer, peers } = await setUp(t);
  const calls = [
    client.call(method, { request: { n: 1 } }),
    client.call(method, { request: { n: 2 }, metadata: { a: 'b' } }),
  ];
  const old = await peer(0);
  await old.take('open');
  await old.take('open');
  old.socket.close(4400, 'unknown field "creditBytes"');
  const gateway = await peer(1);
  for (const [index, call] of calls.entries()) {
    const { id, creditBytes } = await gateway.take('open');
    t.equal(creditBytes, undefined);
    gateway.accept(id);
    t.same((await gateway.take('message')).data, { n: index + 1 });
    for (let n = 1; n <= 16; n += 1) gateway.message(id, { n });
    for (let n = 1; n <= 8; n += 1) await call.messages.next();
    const { messages, bytes } = await gateway.take('credit');
    t.same({ messages, bytes }, { messages: 8, bytes: undefined });
    gateway.end(id);
    t.equal((await call.status).code, Code.OK);
  }
  t.equal(peers.length, 2);
});

t.test('a gateway that breaks the protocol is closed with 4400, and its calls end', async (t) => {
  const bad: [string, (gateway: Peer) => void][] = [
    ['more messages than credit', (g) => [1, 2, 3].map((n) => g.message(1, { n }))],
    ['more bytes than credit', (g) => [g.message(1, {}, '', 9), g.message(1, {}, '', 9)]],
    ['bytes beyond the bound', (g) => [g.grant(1, 0, 2 ** 31 - 1), g.grant(1, 0, 2 ** 31 - 1)]],
    ['bytes that are no number', (g) => g.message(1, {}, '', -1)],
    ['an id that was never opened', (g) => g.message(9, {})],
    ['an id that has ended', (g) => [g.end(2), g.end(2)]],
    ['credit beyond the bound', (g) => [g.grant(1, 2 ** 31 - 1), g.grant(1, 2 ** 31 - 1)]],
    ['a number that is none', (g) => g.send('credit', { id: 1, messages: 1.5 })],
    ['an id that is no number', (g) => g.send('end', { id: '1' })],
    ['a message without a message', (g) => g.send('message', { id: 1 })],
    ['no JSON', (g) => g.socket.send('{"half":')],
    ['no frame', (g) => g.socket.send('[]')],
    ['no frame at all', (g) => g.socket.send('{}')],
    ['two frames in one', (g) => g.socket.send('{"pong":{},"goAway":{}}')],
    ['a frame without a body', (g) => g.socket.send('{"end":null}')],
    ['a binary frame', (g) => g.socket.send(Buffer.from([1, 2, 3]))],
  ];
  for (const [name, misbehave] of bad) {
    await t.test(name, async (t) => {
      const { client, peer } = await setUp(t);
      const options = { credit: 2, creditBytes: 9 };
      const calls = [client.call(method, options), client.call(method, options)];
      const gateway = await peer(0);
      for (const { id } of [await gateway.take('open'), await gateway.take('open')])
        gateway.accept(id, 1, 1_000);
      misbehave(gateway);
      t.match(await gateway.closed, { code: 4400 });
      t.equal((await calls[0]?.status)?.code, Code.INTERNAL);
      await calls[1]?.status;
      const again = client.call(method, { request: {} });
      (await peer(1)).accept((await (await peer(1)).take('open')).id);
      (await peer(1)).end(1);
      t.equal((await again.status).code, Code.OK, 'the client goes on');
    });
  }
});

t.test('a frame with a name of a later version is passed over', async (t) => {
  const { client, peer } = await setUp(t);
  const call = client.call(method, { request: {} });
  const gateway = await peer(0);
  await gateway.take('open');
  gateway.send('advice', { id: 1, text: 'be patient' });
  gateway.accept(1);
  gateway.end(1);
  t.equal((await call.status).code, Code.OK);
});

t.test('leaving the loop, cancel(), the signal and the time end the call on both sides', async (t) => {
  const { client, peer } = await setUp(t);
  const controller = new AbortController();
  const calls = [
    client.call(method, { request: {} }),
    client.call(method, { request: {} }),
    client.call(method, { request: {}, signal: controller.signal }),
  ];
  const gateway = await peer(0);
  for (const _ of calls) {
    const { id } = await gateway.take('open');
    gateway.accept(id);
    gateway.message(id, { id });
  }
  const [left, cancelled, aborted] = calls as [(typeof calls)[0], (typeof calls)[0], (typeof calls)[0]];
  for await (const message of left.messages) {
    t.same(message, { id: 1 });
    break;
  }
  t.equal((await left.status).code, Code.CANCELLED);
  t.same(await left.messages.next(), { done: true, value: undefined });

  await cancelled.messages.next();
  const waiting = failureOf(cancelled.messages.next());
  cancelled.cancel();
  t.equal((await waiting).code, Code.CANCELLED);
  t.equal((await failureOf(cancelled.send({}))).code, Code.FAILED_PRECONDITION);

  const reason = new Error('enough');
  controller.abort(reason);
  t.match((await collect(aborted.messages)).error, { code: Code.CANCELLED, cause: reason });
  // The last, on a socket that is open: its time, however short, begins no earlier than its frame is sent.
  const late = client.call(method, { request: {}, timeoutMs: 100 });
  t.equal((await late.status).code, Code.DEADLINE_EXCEEDED);
  t.equal((await gateway.take('open')).id, 4);
  t.same(
    [
      await gateway.take('cancel'),
      await gateway.take('cancel'),
      await gateway.take('cancel'),
      await gateway.take('cancel'),
    ].map(({ id }) => id),
    [1, 2, 3, 4],
  );
  // What crosses the cancel on its way is no fault of the gateway's.
  for (const id of [1, 2, 3, 4]) {
    gateway.message(id, {});
    gateway.end(id, Code.CANCELLED);
  }
  const { signal } = new AbortController();
  const fine = client.call(method, { request: {}, signal });
  gateway.end((await gateway.take('open')).id);
  await fine.status;
  t.equal(getEventListeners(signal, 'abort').length, 0, 'nothing is left on the signal of the page');
  t.equal(getEventListeners(controller.signal, 'abort').length, 0);
  t.equal(gateway.socket.readyState, WebSocket.OPEN);
});

t.test('wrong options throw at once', async (t) => {
  const { client, peers } = await setUp(t);
  for (const credit of [0, -1, 1.5, 2 ** 31, Number.NaN]) {
    t.throws(() => client.call(method, { credit }), { code: Code.INVALID_ARGUMENT, message: /credit/ });
  }
  for (const creditBytes of [-1, 1.5, 2 ** 31, Number.NaN, Number.POSITIVE_INFINITY]) {
    const wrong = { code: Code.INVALID_ARGUMENT, message: /creditBytes/ };
    t.throws(() => client.call(method, { creditBytes }), wrong);
  }
  t.throws(() => client.call('nonsense'), { code: Code.INVALID_ARGUMENT, message: /method/ });
  t.throws(() => client.call(method, { timeoutMs: -1 }), { code: Code.INVALID_ARGUMENT });
  t.throws(() => client.call(method, { request: 1n }), { code: Code.INVALID_ARGUMENT, message: /JSON/ });
  t.equal(peers.length, 0, 'nothing was opened');
});

t.test('a call without a request sends an empty message where the method takes one', async (t) => {
  const { client, peer } = await setUp(t);
  const unary = client.call(`/${method}`);
  const gateway = await peer(0);
  gateway.accept((await gateway.take('open')).id);
  t.same((await gateway.take('message')).data, {});
  await gateway.take('halfClose');
  await t.rejects(unary.send({}), { code: Code.FAILED_PRECONDITION });
  gateway.message(1, { n: 1 });
  gateway.end(1);
  t.same(await unary.result(), { n: 1 });

  const said = client.call(`/${method}`);
  const sent = said.send({ text: 'mine' });
  gateway.accept((await gateway.take('open')).id);
  await sent;
  await said.end();
  t.same((await gateway.take('message')).data, { text: 'mine' });
  gateway.end(2);
  await said.status;

  const stream = client.call(`/${method}`);
  gateway.accept((await gateway.take('open')).id, 16);
  await stream.send({ text: 'later' });
  t.same((await gateway.take('message')).data, { text: 'later' }, 'not where it takes a stream of them');
  gateway.end(3);
  await stream.status;
  t.same(gateway.faults, []);
});
