import { once } from 'node:events';
import type { ClientHttp2Session, ClientHttp2Stream } from 'node:http2';
import t, { type Test } from 'tap';
import { WebSocket } from 'ws';
import { bytes, method, openForeign } from '../../support/foreign.js';
import { until } from '../../support/http.js';
import { answerTo, ask, connectHttp2 } from '../../support/http2-client.js';

interface Opened {
  readonly stream: ClientHttp2Stream;
  readonly headers: Record<string, unknown>;
  readonly socket: WebSocket;
  readonly messages: string[];
}

function begin(
  session: ClientHttp2Session,
  path: string,
  headers: Record<string, string> = {},
): ClientHttp2Stream {
  const stream = session.request(
    {
      ':method': 'CONNECT',
      ':protocol': 'websocket',
      ':path': path,
      'sec-websocket-version': '13',
      ...headers,
    },
    { endStream: false },
  );
  stream.on('error', () => {});
  return stream;
}

/** A WebSocket on a stream: what `ws` makes of it. */
async function open(
  session: ClientHttp2Session,
  path: string,
  headers: Record<string, string> = {},
): Promise<Opened> {
  const stream = begin(session, path, headers);
  const [head] = await once(stream, 'response');
  const socket = new WebSocket(null as never, undefined as never, {} as never);
  const messages: string[] = [];
  socket.on('message', (data) => messages.push(String(data)));
  socket.on('error', () => {});
  const own = socket as unknown as {
    setSocket(socket: unknown, head: Buffer, options: object): void;
    _isServer: boolean;
  };
  own._isServer = false;
  own.setSocket(stream, Buffer.alloc(0), {
    maxPayload: 0,
    allowSynchronousEvents: true,
    skipUTF8Validation: true,
  });
  return { stream, headers: head as Record<string, unknown>, socket, messages };
}

async function stage(t: Test, options: object = {}) {
  const item = await bytes({ text: 'x'.repeat(10_000) });
  const opened = await openForeign(
    t,
    {
      Ask: [{ in: 'end' }, { out: await bytes({ text: 'here' }) }],
      Both: [{ in: 1 }, { out: await bytes({ text: 'back' }) }, { in: 'end' }],
      Down: [{ in: 'end' }, { out: item, times: 1_000_000 }],
    },
    options,
  );
  const session = connectHttp2(t, opened.url);
  if (!session.remoteSettings.enableConnectProtocol) await once(session, 'remoteSettings');
  t.equal(session.remoteSettings.enableConnectProtocol, true, 'it is announced');
  return { ...opened, session };
}

t.test('a WebSocket on a stream of HTTP/2 carries a call, and ends with its close', async (t) => {
  const { session, gateway } = await stage(t);
  const { headers, socket, messages, stream } = await open(session, method('Both'));
  t.match(headers, { ':status': 200, 'x-request-id': /./ });
  for (const name of ['upgrade', 'connection', 'sec-websocket-accept']) t.notOk(name in headers, name);
  socket.send('{"text":"a"}');
  await until(t, 'the answer', () => messages.length === 1);
  t.equal(messages[0], '{"text":"back"}');
  const closed = once(socket, 'close');
  socket.send('');
  t.equal((await closed)[0], 1000);
  await until(t, 'the exchange to be over', () => gateway.openExchanges === 0 && stream.closed);
  t.match(await ask(session, '/_sluice/services'), { status: 200 }, 'the connection goes on');
});

t.test('a session runs on a stream, by its sub-protocol', async (t) => {
  const { session } = await stage(t);
  const { headers, socket, messages } = await open(session, '/_sluice/session', {
    'sec-websocket-protocol': 'other, sluice.v1.json',
  });
  t.equal(headers['sec-websocket-protocol'], 'sluice.v1.json');
  socket.send('{"open":{"id":1,"method":"foreign.v1.Foreign/Ask","credit":1}}');
  socket.send('{"message":{"id":1,"data":{}}}');
  socket.send('{"halfClose":{"id":1}}');
  await until(t, 'the end', () => messages.some((text) => text.includes('"end"')));
  t.ok(messages.some((text) => text.includes('"here"')));
  socket.close();
});

t.test('what is refused is an answer of HTTP, and its neighbours go on', async (t) => {
  const { session } = await stage(t);
  for (const [path, headers, status, reason] of [
    ['/nowhere', {}, 404, 'PATH_NOT_FOUND'],
    [method('Both'), { ':authority': 'evil.example' }, 421, 'HOST_NOT_SERVED'],
    [method('Both'), { origin: 'https://evil.example' }, 403, 'ORIGIN_NOT_ALLOWED'],
    [method('Both'), { 'sec-websocket-version': '7' }, 426, 'UPGRADE_REQUIRED'],
    ['/_sluice/session', {}, 400, 'INVALID_HEADER'],
  ] as const) {
    const answer = await answerTo(begin(session, path, headers));
    t.match(answer, { status, headers: { 'sluice-reason': reason } }, `${path} ${JSON.stringify(headers)}`);
    t.match(JSON.parse(answer.text), { error: { code: status } });
  }
  t.match(await ask(session, '/_sluice/services'), { status: 200 });
});

t.test('a WebSocket that is not read stops its own call, and no neighbour', async (t) => {
  const { session, upstream, gateway } = await stage(t);
  const { socket, stream } = await open(session, method('Down'));
  socket.send('{}');
  await until(t, 'the call', () => upstream.calls(method('Down')).length === 1);
  socket.pause();
  const [call] = upstream.calls(method('Down'));
  let last = -1;
  let same = 0;
  await until(t, 'the service to stop', () => {
    const accepted = call?.accepted ?? 0;
    same = accepted === last && accepted > 0 ? same + 1 : 0;
    last = accepted;
    return same > 100;
  });
  t.ok(last * 10_000 < 24 * 1024 * 1024, `stopped at ${last}`);
  t.match(await ask(session, method('Ask'), { 'content-type': 'application/json' }, '{}'), { status: 200 });
  const other = await open(session, method('Both'));
  other.socket.send('{}');
  await until(t, 'the neighbour to be answered', () => other.messages.length === 1);
  socket.resume();
  await until(t, 'the service to go on', () => (call?.accepted ?? 0) > last + 200);
  stream.close(8);
  other.stream.close(8);
  await until(t, 'both calls to be over', () => gateway.openExchanges === 0 && call?.cancelled === true);
});

t.test('a gateway that leaves closes WebSockets on streams with 1001', async (t) => {
  const { session, gateway } = await stage(t);
  const { socket, messages } = await open(session, method('Both'));
  socket.send('{}');
  await until(t, 'the answer', () => messages.length === 1);
  const closed = once(socket, 'close');
  await gateway.close();
  t.equal((await closed)[0], 1001);
});
