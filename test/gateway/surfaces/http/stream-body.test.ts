import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type ServerHttp2Stream } from 'node:http2';
import type { AddressInfo, Socket } from 'node:net';
import t, { type Test } from 'tap';
import { StreamRequest } from '../../../../gateway/server/http2/stream-request.js';
import { StreamResponse } from '../../../../gateway/server/http2/stream-response.js';
import { openResponse } from '../../../../gateway/surfaces/http/open-response.js';
import { streamOf } from '../../../../gateway/surfaces/liveness/index.js';
import { until } from '../../../support/http.js';
import { answerTo, connectHttp2 } from '../../../support/http2-client.js';

/** A server that answers each stream in the way of a test. */
async function serve(t: Test, answer: (response: ServerResponse, path: string) => void): Promise<string> {
  const server = createServer();
  server.on('stream', (stream: ServerHttp2Stream, headers, _flags, ...more: unknown[]) => {
    stream.on('error', () => {});
    const request = new StreamRequest(stream, {} as Socket, headers, more[0] as readonly string[]);
    t.equal(streamOf(request as unknown as IncomingMessage), stream);
    answer(new StreamResponse(request) as unknown as ServerResponse, request.url);
  });
  server.listen(0, '127.0.0.1');
  t.teardown(() => server.close());
  await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

t.test(
  'trailers follow the body, also an empty one, and an answer without a body is one frame',
  async (t) => {
    const url = await serve(t, (response, path) => {
      Object.assign(response, { withTrailers: path !== '/head' });
      response.writeHead(200, { 'content-type': 'application/grpc', connection: 'close' });
      if (path === '/head') return void response.end();
      const sink = openResponse(response, 4_096);
      if (path === '/body') void sink.write(Buffer.from('one'));
      return void sink.end(path === '/body' ? 'two' : undefined, { 'grpc-status': '0' });
    });
    const session = connectHttp2(t, url);
    t.match(await answerTo(session.request({ ':path': '/body' })), {
      text: 'onetwo',
      complete: true,
      trailers: { 'grpc-status': '0' },
    });
    t.match(await answerTo(session.request({ ':path': '/empty' })), {
      text: '',
      complete: true,
      trailers: { 'grpc-status': '0' },
    });
    const head = session.request({ ':path': '/head' });
    const [, flags] = await once(head, 'response');
    t.equal((flags as number) & 1, 1, 'END_STREAM is with the head');
    t.match(await answerTo(head), { complete: true });
  },
);

t.test('a sink has room while its own client reads, whatever its neighbours do', async (t) => {
  const PIECE = Buffer.alloc(16 * 1024, 'x');
  const sent = new Map<string, number>();
  const full = new Set<string>();
  const url = await serve(t, (response, path) => {
    response.writeHead(200);
    const sink = openResponse(response, 4_096);
    const write = async () => {
      for (let n = 0; n < 100 && !sink.closed; n += 1) {
        const room = sink.write(PIECE);
        if (room !== undefined) full.add(path);
        await room;
        sent.set(path, n + 1);
      }
      await sink.end();
    };
    void write();
  });
  const session = connectHttp2(t, url);
  const stalled = session.request({ ':path': '/stalled' });
  await once(stalled, 'response');
  await until(t, 'the stalled one to be full', () => full.has('/stalled'));
  const whole = await answerTo(session.request({ ':path': '/read' }));
  t.equal(whole.text.length, 100 * PIECE.length, 'its neighbour gets everything');
  // The client's window (64 KiB) and what it buffers, this side's high water and one write.
  t.ok((sent.get('/stalled') ?? 0) <= 10, `${sent.get('/stalled')} writes of the stalled one had room`);
  t.equal((await answerTo(stalled)).text.length, 100 * PIECE.length, 'it goes on when it is read');
});

t.test('what breaks is never seen as whole, and keeps no sink waiting', async (t) => {
  let waited: Promise<unknown> | undefined;
  const url = await serve(t, (response, path) => {
    response.writeHead(200);
    const sink = openResponse(response, 1);
    if (path === '/break') return void sink.break('last');
    const room = sink.write(Buffer.alloc(1024 * 1024));
    waited = Promise.all([room, sink.end('never')]);
    return undefined;
  });
  const session = connectHttp2(t, url);
  t.match(await answerTo(session.request({ ':path': '/break' })), {
    text: 'last',
    complete: false,
    rstCode: 2,
  });
  const left = session.request({ ':path': '/left' });
  left.on('error', () => {});
  await once(left, 'response');
  left.close(8);
  await waited;
  t.pass('the waits are over when the client resets');
});
