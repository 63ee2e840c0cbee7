import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import { finished } from 'node:stream/promises';
import { setImmediate } from 'node:timers/promises';
import t, { type Test } from 'tap';
import { IncomingRequest } from '../../../gateway/server/incoming-request.js';

const GET = 'GET / HTTP/1.1\r\nHost: x\r\n\r\n';
class Observed extends IncomingRequest {
  readonly events: string[] = [];

  override emit(event: string, ...given: unknown[]): boolean {
    this.events.push(event);
    return super.emit(event, ...given);
  }
}

/** Sends text to a server that answers each request when `serve` has; resolves with all answers. */
async function exchange(
  t: Test,
  text: string,
  serve: (request: IncomingMessage) => Promise<string>,
): Promise<string[]> {
  const server = createServer({ IncomingMessage: Observed }, (request, response) => {
    serve(request).then(
      (body) => response.end(`${body};`),
      (reason: unknown) => response.end(`failed ${reason};`),
    );
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => server.close());
  const { port } = server.address() as { port: number };
  const socket = connect(port, '127.0.0.1');
  socket.write(text);
  let answers = '';
  // Not ended before: Node's server leaves requests of a client that has ended its side.
  for await (const piece of socket) {
    answers += piece;
    if (answers.split(';').length > BODIES.length) break;
  }
  return [...answers.matchAll(/([^\r\n]*);/g)].map((match) => match[1] as string);
}

const post = (head: string, body: string) => `POST / HTTP/1.1\r\nHost: x\r\n${head}\r\n${body}`;
const ALL = [
  GET,
  post('Content-Length: 3\r\n', 'abc'),
  post('Transfer-Encoding: chunked\r\n', '2\r\nde\r\n0\r\n\r\n'),
  post('', ''),
  post('Content-Length: 0\r\n', ''),
  GET,
].join('');
const BODIES = ['', 'abc', 'de', '', '', ''];

async function body(request: IncomingMessage): Promise<string> {
  let text = '';
  for await (const piece of request) text += piece;
  return text;
}

const LATER = async (request: IncomingMessage) => {
  for (let turn = 0; turn < 3; turn += 1) await setImmediate();
  return await body(request);
};
const BY_EVENTS = async (request: IncomingMessage) => {
  await setImmediate();
  let text = '';
  request.on('data', (piece) => {
    text += piece;
  });
  await once(request, 'end');
  return text;
};
const BY_READING = async (request: IncomingMessage) => {
  await setImmediate();
  const pieces: unknown[] = [];
  const read = () => {
    for (let piece = request.read(); piece !== null; piece = request.read()) pieces.push(piece);
  };
  request.on('readable', read);
  await finished(request);
  return pieces.join('');
};

t.test('whoever reads a request finds its body and its end, at once or later', async (t) => {
  for (const [how, serve] of Object.entries({ body, LATER, BY_EVENTS, BY_READING })) {
    t.same(await exchange(t, ALL, serve), BODIES, how);
  }
});

t.test('a body that nobody reads is passed over, and one that is not there is not ended', async (t) => {
  const seen: IncomingMessage[] = [];
  const answers = await exchange(t, ALL, async (request) => {
    seen.push(request);
    await setImmediate();
    return `${request.method} ${request.complete}`;
  });
  t.same(answers, ['GET true', 'POST true', 'POST true', 'POST true', 'POST true', 'GET true']);
  await setImmediate();
  t.ok(seen.every(({ readableEnded }) => readableEnded));
  const events = seen.map((request) => (request as Observed).events.join(' '));
  // Node 26 says that it has ended by itself, and spares the others as well.
  for (const index of [0, 3, 5]) t.match(events[index], /^(end close)?$/, 'a stream that is none');
  t.match(events[1], /end/);
  await finished(seen[0] as IncomingMessage);
});

t.test('a client that leaves ends a request that has no body', async (t) => {
  const server = createServer({ IncomingMessage: IncomingRequest });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => server.close());
  const { port } = server.address() as { port: number };
  const socket = connect(port, '127.0.0.1');
  socket.write(GET);
  const [request] = (await once(server, 'request')) as [IncomingMessage];
  const closed = new Promise((resolve) => request.socket.once('close', resolve));
  socket.destroy();
  await closed;
  await setImmediate();
  t.ok(request.destroyed);
});
