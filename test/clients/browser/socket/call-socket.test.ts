import { getEventListeners, once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import t, { type Test } from 'tap';
import { WebSocket, WebSocketServer } from 'ws';
import {
  Code,
  createClient,
  type SluiceError,
  type SocketOptions,
} from '../../../../clients/browser/index.js';
import { createDeferred } from '../../../../gateway/async/index.js';
import { settled } from '../../../support/http.js';

const method = 'demo.Room/Talk';

/** A gateway of one method: `serve` gets each socket in the tick in which it is accepted. */
async function setUp(t: Test, serve: (socket: WebSocket, request: IncomingMessage) => void) {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  server.on('connection', serve);
  await once(server, 'listening');
  t.teardown(async () => {
    for (const socket of server.clients) socket.terminate();
    server.close();
    await once(server, 'close');
  });
  const client = createClient({
    baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}/at/`,
    WebSocket,
  });
  return { server, open: (options?: SocketOptions) => client.socket(method, options) };
}

async function failureOf(pending: PromiseLike<unknown>): Promise<SluiceError> {
  try {
    await pending;
  } catch (error) {
    return error as SluiceError;
  }
  throw new Error('it did not fail');
}

async function collect(messages: AsyncIterable<unknown>) {
  const taken: unknown[] = [];
  for await (const message of messages) taken.push(message);
  return taken;
}

t.test('messages go out in order, the half-close last, and the loop ends with OK', async (t) => {
  const frames: string[] = [];
  let url = '';
  const { open } = await setUp(t, (socket, request) => {
    url = request.url ?? '';
    socket.send('{"hello":1}');
    socket.on('message', (data) => {
      frames.push(String(data));
      if (String(data) !== '') return socket.send(String(data));
      socket.close(1000);
    });
  });
  const socket = open({ query: { room_id: 'a b&c' } });
  // None is awaited: all are written before the handshake is over.
  const sent = [1, 2, 3].map((id) => socket.send({ id }));
  sent.push(socket.halfClose(), socket.halfClose());
  await t.rejects(socket.send({ id: 4 }), { code: Code.FAILED_PRECONDITION });
  await Promise.all(sent);
  t.same(await collect(socket), [{ hello: 1 }, { id: 1 }, { id: 2 }, { id: 3 }]);
  t.same(frames, ['{"id":1}', '{"id":2}', '{"id":3}', ''], 'one half-close, however often it is said');
  t.equal(url, `/at/${method}?room_id=a+b%26c`);
  await t.rejects(socket.send({ id: 5 }), { code: Code.FAILED_PRECONDITION }, 'after the end');
});

t.test('answers that came before anybody asked are there', async (t) => {
  let answered: (value?: unknown) => void = () => undefined;
  const over = new Promise((resolve) => {
    answered = resolve;
  });
  const { open } = await setUp(t, (socket) => {
    for (let id = 1; id <= 100; id += 1) socket.send(JSON.stringify({ id }));
    socket.close(1000);
    socket.on('close', answered);
  });
  const socket = open();
  // The client has answered the close, so it has everything before it.
  await over;
  t.equal((await collect(socket)).length, 100);
});

t.test('a client stream has one answer', async (t) => {
  const answers: string[][] = [['{"count":2}'], [], ['{}', '{}']];
  const { open } = await setUp(t, (socket) => {
    const given = answers.shift() ?? [];
    socket.on('message', (data) => {
      if (String(data) !== '') return;
      for (const answer of given) socket.send(answer);
      socket.close(1000);
    });
  });
  const good = open();
  await good.send({ a: 1 });
  await good.halfClose();
  t.same(await good.result(), { count: 2 });
  for (const text of [/no answer/, /more than one/]) {
    const bad = open();
    await bad.halfClose();
    t.match(await failureOf(bad.result()), { code: Code.INTERNAL, message: text });
  }
});

t.test('a close code says how the call failed', async (t) => {
  const closes = [
    { close: 4005, reason: 'NOT_FOUND: no room', error: { code: Code.NOT_FOUND, message: 'no room' } },
    { close: 4003, reason: 'other text', error: { code: Code.INVALID_ARGUMENT, message: 'other text' } },
    { close: 4016, reason: '', error: { code: Code.UNAUTHENTICATED, message: 'UNAUTHENTICATED' } },
    { close: 1001, reason: '', error: { code: Code.UNAVAILABLE, message: /going away/ } },
    { close: 1008, reason: 'no pong', error: { code: Code.UNAVAILABLE, message: 'no pong' } },
    { close: 1009, reason: '', error: { code: Code.RESOURCE_EXHAUSTED } },
    { close: 1011, reason: '', error: { code: Code.INTERNAL } },
    { close: 4000, reason: '', error: { code: Code.UNKNOWN } },
    { close: 4017, reason: '', error: { code: Code.UNKNOWN } },
    { close: 4408, reason: '', error: { code: Code.UNKNOWN } },
  ];
  const { open } = await setUp(t, (socket, request) => {
    const { close, reason } =
      closes[Number(new URL(request.url ?? '', 'http://x').searchParams.get('at'))] ?? {};
    socket.send('{}');
    socket.close(close, reason);
  });
  for (const [at, { close, error }] of closes.entries()) {
    const socket = open({ query: { at: String(at) } });
    t.same((await socket.next()).value, {}, 'what came before the failure is given first');
    t.match(await failureOf(socket.next()), error, `${close}`);
    t.match(await failureOf(socket.send({})), error, `${close}, a sender`);
    t.match(await failureOf(socket.halfClose()), error);
  }
});

t.test('a connection that breaks is UNAVAILABLE, and so is one that is refused', async (t) => {
  const { open, server } = await setUp(t, (socket) => socket.terminate());
  t.match(await failureOf(open().next()), { code: Code.UNAVAILABLE, message: /lost/ });
  server.shouldHandle = () => false;
  const refused = open();
  t.match(await failureOf(refused.send({})), { code: Code.UNAVAILABLE, message: /not accepted/ });
  t.match(await failureOf(refused.next()), { code: Code.UNAVAILABLE });
});

t.test('a sender waits while the browser holds more than its high water', async (t) => {
  let received = 0;
  let peer: WebSocket | undefined;
  const { open } = await setUp(t, (socket) => {
    peer = socket;
    socket.pause();
    socket.on('message', () => {
      received += 1;
    });
  });
  const socket = open({ highWaterBytes: 64 * 1024 });
  const text = 'x'.repeat(64 * 1024);
  let sent = 0;
  const total = 400;
  const sending = (async () => {
    for (; sent < total; sent += 1) await socket.send({ text });
    await socket.halfClose();
  })();
  // Only to show that nothing happens: the sender comes to a halt.
  await settled(() => sent);
  t.ok(sent < total, `${sent} of ${total} were taken while the gateway read nothing`);
  peer?.resume();
  await sending;
  t.equal(sent, total);
  while (received < total + 1) await once(peer as WebSocket, 'message');
  t.pass('all arrived');
  socket.close();
});

t.test('messages that were not awaited are bounded', async (t) => {
  const { open } = await setUp(t, (socket) => socket.pause());
  const socket = open({ maxWaitingLength: 1000 });
  const text = 'x'.repeat(300);
  const sent = [1, 2, 3, 4].map((id) => socket.send({ id, text }));
  await t.rejects(sent[3] as Promise<void>, { code: Code.RESOURCE_EXHAUSTED, message: /await send/ });
  await Promise.all(sent.slice(0, 3));
  await socket.send({ text }).then(() => t.pass('there is room again'));
  socket.close();
});

t.test('answers beyond the bound fail the call, those within it are given', async (t) => {
  for (const limit of [{ maxUnreadMessages: 10 }, { maxUnreadLength: 10 * '{"id":1}'.length }]) {
    const closed = createDeferred();
    const { open } = await setUp(t, (socket) => {
      socket.once('close', () => closed.resolve());
      for (let id = 0; id < 1000; id += 1) socket.send('{"id":1}');
    });
    const socket = open(limit);
    t.equal(
      (
        await failureOf(
          socket
            .halfClose()
            .then(() => closed.promise)
            .then(() => socket.send({})),
        )
      ).code,
      Code.RESOURCE_EXHAUSTED,
    );
    let count = 0;
    const error = await failureOf(
      (async () => {
        for await (const message of socket) count += message.id === 1 ? 1 : 0;
      })(),
    );
    t.equal(error.code, Code.RESOURCE_EXHAUSTED);
    t.equal(count, 10);
    await closed.promise;
  }
});

t.test('leaving the loop, close() and the signal cancel the call', async (t) => {
  const closes: Promise<unknown[]>[] = [];
  const { open } = await setUp(t, (socket) => {
    closes.push(once(socket, 'close'));
    socket.send('{}');
    socket.send('{}');
  });
  const left = open();
  for await (const message of left) {
    t.same(message, {});
    break;
  }
  t.same(await left.next(), { done: true, value: undefined });

  const closed = open();
  await closed.next();
  await closed.next();
  const waiting = failureOf(closed.next());
  closed.close();
  t.equal((await waiting).code, Code.CANCELLED);
  t.equal((await failureOf(closed.send({}))).code, Code.CANCELLED);

  const { signal } = new AbortController();
  const ended = open({ signal });
  await ended.next();
  ended.close();
  t.equal(getEventListeners(signal, 'abort').length, 0, 'nothing is left on the signal of the page');

  const controller = new AbortController();
  const aborted = open({ signal: controller.signal });
  await aborted.next();
  controller.abort();
  await aborted.next();
  t.equal((await failureOf(aborted.next())).code, Code.CANCELLED);

  await Promise.all(closes);
  t.equal(closes.length, 4, 'the gateway saw all of them go');
  const early = open({ signal: AbortSignal.abort() });
  t.equal((await failureOf(early.next())).code, Code.CANCELLED);
});

t.test('a handshake that never ends and a call that never ends have their times', async (t) => {
  const { server, open } = await setUp(t, () => undefined);
  t.equal((await failureOf(open({ timeoutMs: 50 }).next())).code, Code.DEADLINE_EXCEEDED);
  // Takes the connection and never answers.
  server.handleUpgrade = (_request, connection) => {
    connection.on('end', () => connection.destroy()).resume();
  };
  const socket = open({ openTimeoutMs: 50 });
  t.match(await failureOf(socket.send({})), { code: Code.UNAVAILABLE, message: /within 50 ms/ });
});

t.test('a gateway that talks nonsense fails the call', async (t) => {
  const frames: (string | Buffer)[] = ['{"half":', Buffer.from([1, 2])];
  const { open } = await setUp(t, (socket) => {
    const frame = frames.shift();
    if (frame !== undefined) socket.send(frame);
  });
  t.equal((await failureOf(open().next())).code, Code.INTERNAL, 'bad JSON');
  t.equal((await failureOf(open().next())).code, Code.INTERNAL, 'a binary frame');
});

t.test('where there is no WebSocket the client says so', async (t) => {
  const { WebSocket: global } = globalThis as { WebSocket?: unknown };
  if (global !== undefined) {
    t.pass('this Node has one');
    return;
  }
  const client = createClient({ baseUrl: 'http://127.0.0.1:9' });
  t.throws(() => client.socket(method), { code: Code.FAILED_PRECONDITION, message: /WebSocket/ });
  t.throws(() => client.socket('nonsense'), { code: Code.INVALID_ARGUMENT });
});
