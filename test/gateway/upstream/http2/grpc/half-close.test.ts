import { createServer, type ServerHttp2Stream } from 'node:http2';
import type { AddressInfo } from 'node:net';
import t, { type Test } from 'tap';
import { openHttp2Transport } from '../../../../../gateway/upstream/index.js';

/** A server that notes, at the end of each request, whether the client said that it was the end. */
async function openServer(t: Test, answer: (stream: ServerHttp2Stream) => void = () => {}) {
  const ends: ('whole' | 'cut')[] = [];
  let bytes = 0;
  const server = createServer();
  server.on('stream', (stream) => {
    stream.on('error', () => {});
    stream.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
    });
    // A reset without END_STREAM is 'aborted' before it is 'end'.
    stream.on('end', () => ends.push(stream.aborted ? 'cut' : 'whole'));
    answer(stream);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => server.close());
  const transport = openHttp2Transport({ target: `127.0.0.1:${(server.address() as AddressInfo).port}` });
  t.teardown(() => transport.close());
  return {
    transport,
    ends,
    get bytes() {
      return bytes;
    },
  };
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 2));
}

const call = { metadata: [], signal: new AbortController().signal };

t.test('a call that is cancelled is never half-closed, however much was sent', async (t) => {
  const seen = await openServer(t);
  for (const [index, size] of [0, 1, 1_000, 60_000, 1_000_000].entries()) {
    const controller = new AbortController();
    const { write, cancel } = bound(seen.transport.open('/a.B/C', { ...call, signal: controller.signal }));
    const before = seen.bytes;
    void write([Buffer.alloc(size)]);
    await until(() => seen.bytes > before);
    if (index % 2 === 0) cancel();
    else controller.abort();
    await until(() => seen.ends.length === index + 1);
  }
  t.same(seen.ends, ['cut', 'cut', 'cut', 'cut', 'cut']);
});

t.test('a half-close is one, also behind much data and for a call without any', async (t) => {
  const seen = await openServer(t, (stream) => {
    stream.on('end', () => {
      stream.respond(
        { ':status': 200, 'content-type': 'application/grpc', 'grpc-status': '0' },
        { endStream: true },
      );
    });
  });
  for (const size of [0, 1, 1_000, 3_000_000]) {
    const opened = seen.transport.open('/a.B/C', call);
    if (size > 0) void opened.write([Buffer.alloc(size)]);
    opened.halfClose();
    t.equal(await opened.read(), undefined);
    t.equal((await opened.status).code, 0);
  }
  t.same(seen.ends, ['whole', 'whole', 'whole', 'whole']);
});

t.test('a service that is through before the requests are ends the stream', async (t) => {
  let closed = 0;
  const seen = await openServer(t, (stream) => {
    stream.respond(
      { ':status': 200, 'content-type': 'application/grpc', 'grpc-status': '0' },
      { endStream: true },
    );
    stream.on('close', () => {
      closed += 1;
    });
  });
  const opened = seen.transport.open('/a.B/C', call);
  void opened.write([Buffer.alloc(10)]);
  t.equal((await opened.status).code, 0);
  await until(() => closed === 1);
  t.pass('no stream is left open');
});

function bound(opened: ReturnType<ReturnType<typeof openHttp2Transport>['open']>) {
  return { write: opened.write.bind(opened), cancel: opened.cancel.bind(opened) };
}
