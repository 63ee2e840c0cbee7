import { once } from 'node:events';
import t from 'tap';
import { WebSocket } from 'ws';
import { Code, createClient } from '../../../../clients/browser/index.js';
import { message, openScriptedServer, sendEvents } from '../scripted-server.js';
import { openScriptedSessions } from '../scripted-sessions.js';

// A page of our own: its events are what a browser fires when it is left and shown again.
const page = new EventTarget();
let listeners = 0;
Object.assign(globalThis, {
  addEventListener(type: string, listener: () => void) {
    listeners += 1;
    page.addEventListener(type, listener);
  },
});
const leave = () => page.dispatchEvent(new Event('pagehide'));
const comeBack = () => page.dispatchEvent(new Event('pageshow'));
const turn = () => new Promise((resolve) => setImmediate(resolve));

t.test('a session: calls end or wait for the page, and nothing is opened while it is away', async (t) => {
  const { url, peer, peers } = await openScriptedSessions(t);
  const client = createClient({ baseUrl: url, WebSocket, session: { reconnectBaseMs: 0 } });
  t.teardown(() => client.close());
  const stream = client.call('demo.Clock/Tick', { request: {}, reconnectBaseMs: 0 });
  const talk = client.call('demo.Room/Talk');
  const gateway = await peer(0);
  for (const _ of [stream, talk]) gateway.accept((await gateway.take('open')).id);
  gateway.message(1, { id: 7 }, '7');
  t.same((await stream.messages.next()).value, { id: 7 });
  leave();
  t.match(await gateway.closed, { code: 1000 });
  t.match(await talk.status, { code: Code.UNAVAILABLE, message: 'the user left the page' });
  const late = client.call('demo.Room/Talk', { request: {} });
  for (let turns = 0; turns < 20; turns += 1) await turn();
  t.equal(peers.length, 1);
  comeBack();
  const next = await peer(1);
  const opens = [await next.take('open'), await next.take('open')];
  t.same(opens.map(({ cursor }) => cursor).sort(), ['', '7'], 'it goes on where it was');
  for (const { id } of opens) next.end(id);
  for (const call of [stream, late]) t.equal((await call.status).code, Code.OK);
});

t.test('requests and plain WebSockets end, a stream with cursors goes on', async (t) => {
  const server = await openScriptedServer([
    () => undefined,
    ({ response }) => sendEvents(response, message(7)),
    ({ response }) => sendEvents(response, message(8)),
  ]);
  t.teardown(() => server.close());
  const { url, peers } = await openScriptedSessions(t);
  const client = createClient({ baseUrl: server.url });
  const unary = client.unary('demo.Clock/Ask', {});
  const unaryEnds = t.rejects(unary, { code: Code.UNAVAILABLE, message: 'the user left the page' });
  await server.arrived(1);
  const stream = client.serverStream('demo.Clock/Tick', {}, { reconnectBaseMs: 0 });
  t.same((await stream.next()).value, { id: 7 });
  const next = stream.next();
  const socket = createClient({ baseUrl: url, WebSocket }).socket('demo.Room/Talk');
  leave();
  leave();
  await unaryEnds;
  await t.rejects(socket.next(), { code: Code.UNAVAILABLE, message: 'the user left the page' });
  for (const { response } of server.received) if (!response.closed) await once(response, 'close');
  for (let turns = 0; turns < 20; turns += 1) await turn();
  t.equal(server.received.length, 2);
  comeBack();
  t.same((await next).value, { id: 8 });
  t.equal(server.received[2]?.request.headers['last-event-id'], '7');
  await stream.return?.();
  t.equal(peers.length, 0);
  t.equal(listeners, 2, 'one pair of listeners, whatever was opened');
});
