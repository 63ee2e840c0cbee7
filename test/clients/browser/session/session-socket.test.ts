import { once } from 'node:events';
import t, { type Test } from 'tap';
import { WebSocket } from 'ws';
import { Code, createClient, type SessionOptions } from '../../../../clients/browser/index.js';
import { settled } from '../../../support/http.js';
import { quiet } from '../../../support/quiet.js';
import { fetchRefused } from '../memory-gateway.js';
import { openScriptedSessions, type Peer } from '../scripted-sessions.js';

const method = 'demo.Room/Talk';

async function setUp(t: Test, session: SessionOptions = {}, onPeer?: (peer: Peer) => void) {
  const gateway = await openScriptedSessions(t, onPeer);
  const client = createClient({
    baseUrl: gateway.url,
    WebSocket,
    fetch: fetchRefused,
    session: { reconnectBaseMs: 1, reconnectMaxMs: 5, ...session },
  });
  t.teardown(() => client.close());
  return { ...gateway, client };
}

t.test('all calls share one socket, up to a number', async (t) => {
  const { client, peer, peers } = await setUp(t, { callsPerSession: 3 });
  t.equal(peers.length, 0, 'nothing is opened before the first call');
  const calls = Array.from({ length: 7 }, () => client.call(method, { request: {} }));
  const [first, second, third] = [await peer(0), await peer(1), await peer(2)];
  for (const [gateway, count] of [
    [first, 3],
    [second, 3],
    [third, 1],
  ] as const) {
    for (let id = 1; id <= count; id += 1) t.equal((await gateway.take('open')).id, id);
  }
  first.end(1);
  await calls[0]?.status;
  client.call(method, { request: {} });
  t.equal((await first.take('open')).id, 4, 'an id is never used again');
  calls[1]?.cancel();
  await first.take('cancel');
  client.call(method, { request: {} });
  t.equal((await third.take('open')).id, 2, 'a cancelled call keeps its place until its end has come');
  t.equal(peers.length, 3);
});

t.test('a socket without calls is closed after a while, the next call opens another', async (t) => {
  const { client, peer } = await setUp(t, { idleMs: 30 });
  for (const at of [0, 1]) {
    const call = client.call(method, { request: {} });
    const gateway = await peer(at);
    await gateway.take('open');
    // Longer than `idleMs`: nobody calls a socket with a call on it idle.
    await quiet(60);
    t.equal(gateway.socket.readyState, WebSocket.OPEN);
    gateway.end(1);
    t.equal((await call.status).code, Code.OK);
    t.match(await gateway.closed, { code: 1000 });
  }
});

t.test('frames and fields of a newer gateway are ignored, and the call goes on', async (t) => {
  const { client, peer } = await setUp(t);
  const call = client.call(method, { request: {} });
  const gateway = await peer(0);
  await gateway.take('open');
  for (const frame of [{ later: {} }, { later: { id: 1, code: 7 } }, { pong: { token: 'x', later: true } }]) {
    gateway.socket.send(JSON.stringify(frame));
  }
  gateway.end(1);
  t.equal((await call.status).code, Code.OK);
  t.equal(gateway.socket.readyState, WebSocket.OPEN);
});

t.test('close() ends calls with CANCELLED and closes the sockets', async (t) => {
  const { client, peer, url } = await setUp(t);
  const call = client.call(method);
  const gateway = await peer(0);
  await gateway.take('open');
  const sending = t.rejects(call.send({}), { code: Code.CANCELLED, message: /closed/ });
  client.close();
  await sending;
  t.equal((await call.status).code, Code.CANCELLED);
  t.match(await gateway.closed, { code: 1000 });
  t.equal((await client.call(method, { request: {} }).status).code, Code.FAILED_PRECONDITION);

  const early = createClient({ baseUrl: url, WebSocket });
  const connecting = early.call(method, { request: {} });
  await new Promise((resolve) => setImmediate(resolve));
  early.close();
  t.equal((await connecting.status).code, Code.CANCELLED, 'also before the socket was open');
  client.close();
});

t.test('a gateway that is away, and one that never answers the handshake, is UNAVAILABLE', async (t) => {
  const {
    client: patient,
    server,
    url,
  } = await setUp(t, {}, async (peer) => {
    const { id } = await peer.take('open');
    peer.end(id);
  });
  server.shouldHandle = () => false;
  t.match(await patient.call(method).status, { code: Code.UNAVAILABLE, message: /not accepted/ });
  server.shouldHandle = () => true;
  const session = { openTimeoutMs: 50, reconnectBaseMs: 1, reconnectMaxMs: 5 };
  const client = createClient({ baseUrl: url, WebSocket, fetch: fetchRefused, session });
  t.teardown(() => client.close());
  const { handleUpgrade } = server;
  server.handleUpgrade = (_request, connection) => {
    connection.on('end', () => connection.destroy()).resume();
  };
  t.match(await client.call(method).status, { code: Code.UNAVAILABLE, message: /within 50 ms/ });
  server.handleUpgrade = handleUpgrade;
  let code: Code = Code.UNAVAILABLE;
  // A machine that stands still uses up those 50 ms as well.
  for (let attempt = 1; attempt <= 50 && code === Code.UNAVAILABLE; attempt += 1) {
    ({ code } = await client.call(method, { request: {} }).status);
  }
  t.equal(code, Code.OK, 'the next call finds it again');
});

t.test('a close code says why the calls of a session ended', async (t) => {
  const closes: [number | undefined, Code][] = [
    [1000, Code.UNAVAILABLE],
    [undefined, Code.UNAVAILABLE],
    [1001, Code.UNAVAILABLE],
    [1008, Code.UNAVAILABLE],
    [1009, Code.RESOURCE_EXHAUSTED],
    [1011, Code.INTERNAL],
    [4005, Code.UNKNOWN],
    [4400, Code.INTERNAL],
    [4401, Code.UNAUTHENTICATED],
    [4403, Code.PERMISSION_DENIED],
    [4408, Code.UNAVAILABLE],
    [4429, Code.RESOURCE_EXHAUSTED],
  ];
  const { client, peer } = await setUp(t);
  for (const [at, [close, code]] of closes.entries()) {
    const call = client.call(method, { request: {} });
    const gateway = await peer(at);
    await gateway.take('open');
    gateway.socket.close(close, close === 4400 ? 'id 0' : '');
    const status = await call.status;
    t.equal(status.code, code, `${close}`);
    if (close === 4400) t.equal(status.message, 'id 0');
  }
});

t.test('a sender waits while the browser holds more than its high water', async (t) => {
  const { client, peer } = await setUp(t, { highWaterBytes: 64 * 1024, pingMs: 3_600_000 });
  const call = client.call(method);
  const other = client.call(method);
  const gateway = await peer(0);
  await gateway.take('open');
  await gateway.take('open');
  const total = 400;
  gateway.accept(1, 1_000_000);
  gateway.accept(2, 1_000_000);
  await call.send({});
  gateway.socket.pause();
  const text = 'x'.repeat(64 * 1024);
  let sent = 0;
  const sending = (async () => {
    for (; sent < total; sent += 1) await call.send({ text });
    await call.end();
  })();
  // Only to show that nothing happens: the sender comes to a halt.
  await settled(() => sent);
  t.ok(sent < total, `${sent} of ${total} were taken while the gateway read nothing`);
  const rejected = t.rejects(other.send({ text }), { code: Code.CANCELLED });
  other.cancel();
  await rejected;
  gateway.socket.resume();
  await sending;
  t.equal(sent, total);
  const received = () => gateway.frames.filter(({ type, id }) => type === 'message' && id === 1).length;
  while (received() < total + 1) await once(gateway.socket, 'message');
  t.pass('all arrived');
});

t.test('messages that were not awaited are bounded', async (t) => {
  const { client, peer } = await setUp(t);
  const call = client.call(method, { maxWaitingLength: 1000 });
  const text = 'x'.repeat(300);
  const sent = [1, 2, 3, 4].map((id) => call.send({ id, text }));
  await t.rejects(sent[3] as Promise<void>, { code: Code.RESOURCE_EXHAUSTED, message: /await send/ });
  const gateway = await peer(0);
  await gateway.take('open');
  gateway.accept(1, 4);
  await Promise.all(sent.slice(0, 3));
  await call.send({ text });
});

t.test('a message that is too long for a gateway fails alone', async (t) => {
  const maxMessageBytes = 1000;
  const { client, peer } = await setUp(t, { maxMessageBytes });
  const call = client.call(method);
  const gateway = await peer(0);
  await gateway.take('open');
  gateway.accept(1, 9);
  const longest = 1000 - '{"message":{"id":4294967295,"data":""}}'.length;
  await call.send('x'.repeat(longest));
  // Three bytes each.
  await call.send('€'.repeat(Math.floor(longest / 3)));
  for (const text of ['x'.repeat(longest + 1), '€'.repeat(Math.floor(longest / 3) + 1)]) {
    await t.rejects(call.send(text), { code: Code.RESOURCE_EXHAUSTED, message: /1000 bytes/ });
    t.throws(() => client.call(method, { request: text }), { code: Code.RESOURCE_EXHAUSTED });
  }
  await call.send('still here');
  for (let n = 0; n < 2; n += 1) await gateway.take('message');
  t.equal((await gateway.take('message')).data, 'still here');
});

t.test('without a WebSocket the call says so', async (t) => {
  const Missing = undefined as unknown as typeof WebSocket;
  const { WebSocket: global } = globalThis as { WebSocket?: unknown };
  if (global !== undefined) return t.pass('this Node has one');
  const client = createClient({ baseUrl: 'http://127.0.0.1:9', WebSocket: Missing });
  t.match(await client.call(method).status, { code: Code.FAILED_PRECONDITION, message: /WebSocket/ });
});
