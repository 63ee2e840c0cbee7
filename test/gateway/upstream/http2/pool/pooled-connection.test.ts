import { constants } from 'node:http2';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import t, { type Test } from 'tap';
import { Code } from '../../../../../gateway/status/index.js';
import {
  type Http2TransportOptions,
  openHttp2Transport,
  type Transport,
} from '../../../../../gateway/upstream/index.js';
import { createCertificate } from '../../../../support/certificate.js';
import { quiet } from '../../../../support/quiet.js';
import { neverAborted, readToEnd, texts, until } from '../../contract/subject.js';
import { answerWith, frame, grpcHeaders, openPeer, type Peer, type PeerOptions } from '../peer.js';

const ok = { 'grpc-status': '0' };

async function openBoth(
  t: Test,
  answer: Parameters<typeof openPeer>[0],
  options: Partial<Http2TransportOptions> = {},
  peerOptions: PeerOptions = {},
): Promise<{ peer: Peer; transport: Transport }> {
  const peer = await openPeer(answer, peerOptions);
  const transport = openHttp2Transport({ target: peer.target, ...options });
  t.teardown(async () => {
    await transport.close();
    peer.close();
  });
  return { peer, transport };
}

/** One call with one request, to its end. */
async function ask(transport: Transport, request = 'q') {
  const call = transport.open('/test.Conn/Ask', { metadata: [], signal: neverAborted() });
  await call.write([Buffer.from(request)]);
  call.halfClose();
  const { messages } = await readToEnd(call);
  return { messages: texts(messages), status: await call.status };
}

t.test('GOAWAY lets calls finish and sends new ones to a new connection', async (t) => {
  const { peer, transport } = await openBoth(t, (stream, _headers, index) => {
    if (index > 0) return answerWith(stream, [frame('new')], ok);
    stream.respond(grpcHeaders, { waitForTrailers: true });
    stream.on('wantTrailers', () => stream.sendTrailers(ok));
    stream.on('data', (bytes) => stream.write(bytes));
    stream.on('end', () => stream.end());
  });
  const old = transport.open('/test.Conn/Ask', { metadata: [], signal: neverAborted() });
  await old.write([Buffer.from('1')]);
  t.same(texts((await old.read()) ?? []), ['1']);
  peer.sessions[0]?.goaway(constants.NGHTTP2_NO_ERROR);
  const fresh = await ask(transport);
  t.match(fresh, { messages: ['new'], status: { code: 0 } });
  t.equal(peer.sessions.length, 2);
  await old.write([Buffer.from('2')]);
  t.same(texts((await old.read()) ?? []), ['2'], 'the old call still goes both ways');
  old.halfClose();
  t.equal(await old.read(), undefined);
  t.match(await old.status, { code: 0 });
});

t.test('a call that the peer refused unseen is sent again once, with everything it said', async (t) => {
  const { peer, transport } = await openBoth(t, (stream, _headers, index) => {
    if (index === 0) return stream.close(constants.NGHTTP2_REFUSED_STREAM);
    const bytes: Buffer[] = [];
    stream.on('data', (chunk: Buffer) => bytes.push(chunk));
    stream.on('end', () => answerWith(stream, [Buffer.concat(bytes)], ok));
  });
  t.match(await ask(transport, 'again'), { messages: ['again'], status: { code: 0 } });
  t.equal(peer.requests.length, 2);
});

t.test('a call that is refused twice is UNAVAILABLE', async (t) => {
  const { peer, transport } = await openBoth(t, (stream) => stream.close(constants.NGHTTP2_REFUSED_STREAM));
  t.match(await ask(transport), { messages: [], status: { code: Code.UNAVAILABLE } });
  t.equal(peer.requests.length, 2);
});

t.test('a refused call that has said more than is kept, or was answered, is not sent again', async (t) => {
  const { peer, transport } = await openBoth(t, (stream, _headers, index) => {
    if (index === 0) {
      let bytes = 0;
      stream.on('data', (chunk) => {
        bytes += chunk.length;
        if (bytes > 100_000) stream.close(constants.NGHTTP2_REFUSED_STREAM);
      });
      return;
    }
    stream.respond(grpcHeaders, { waitForTrailers: true });
    stream.write(frame('m'), () => setImmediate(() => stream.close(constants.NGHTTP2_REFUSED_STREAM)));
  });
  const large = transport.open('/test.Conn/Ask', { metadata: [], signal: neverAborted() });
  while (await large.write([Buffer.alloc(10_000)]));
  t.match(await large.status, { code: Code.UNAVAILABLE });
  t.equal(peer.requests.length, 1);
  t.match(await ask(transport), { messages: ['m'], status: { code: Code.UNAVAILABLE } });
  t.equal(peer.requests.length, 2);
});

t.test('a call above the last stream of a GOAWAY is sent again, one below is not', async (t) => {
  const { peer, transport } = await openBoth(t, (stream, _headers, index) => {
    if (index >= 2) answerWith(stream, [frame('again')], ok);
    // Both are here: the first was looked at, the second was not.
    if (index === 1)
      stream.session?.goaway(constants.NGHTTP2_ENHANCE_YOUR_CALM, 1, Buffer.from('too_many_pings'));
  });
  t.equal(await transport.ready(30_000), true);
  const [first, second] = await Promise.all([ask(transport), ask(transport)]);
  t.match(first, {
    messages: [],
    status: { code: Code.UNAVAILABLE, message: /GOAWAY with HTTP\/2 code 11/ },
  });
  t.match(second, { messages: ['again'], status: { code: 0 } });
  t.equal(peer.requests.length, 3);
});

t.test('a peer with room for five streams gets further connections, none waits', async (t) => {
  const { peer, transport } = await openBoth(
    t,
    (stream) => {
      stream.respond(grpcHeaders, { waitForTrailers: true });
      stream.write(frame('here'));
    },
    { maxConnections: 3 },
    { settings: { maxConcurrentStreams: 5 } },
  );
  const calls = Array.from({ length: 15 }, () =>
    transport.open('/test.Conn/Stay', { metadata: [], signal: neverAborted() }),
  );
  for (const call of calls) t.same(texts((await call.read()) ?? []), ['here']);
  t.equal(peer.sessions.length, 3);
  const sixteenth = transport.open('/test.Conn/Stay', { metadata: [], signal: neverAborted() });
  t.match(await sixteenth.status, { code: Code.RESOURCE_EXHAUSTED });
  calls[7]?.cancel();
  const next = transport.open('/test.Conn/Stay', { metadata: [], signal: neverAborted() });
  t.same(texts((await next.read()) ?? []), ['here']);
});

t.test('the further connection is opened before the last place is taken', async (t) => {
  const { peer, transport } = await openBoth(
    t,
    (stream) => {
      stream.respond(grpcHeaders, { waitForTrailers: true });
      stream.write(frame('here'));
    },
    {},
    { settings: { maxConcurrentStreams: 5 } },
  );
  for (let n = 0; n < 4; n++) {
    await transport.open('/test.Conn/Stay', { metadata: [], signal: neverAborted() }).read();
  }
  t.equal(peer.sessions.length, 1);
  await transport.open('/test.Conn/Stay', { metadata: [], signal: neverAborted() }).read();
  await until(() => peer.sessions.length >= 2);
  t.equal(peer.requests.length, 5);
});

t.test('a peer that speaks something else is UNAVAILABLE, at once and without a crash', async (t) => {
  const greetings: [string, string][] = [
    ['HTTP/1.1', 'HTTP/1.1 400 Bad Request\r\n\r\n'],
    ['garbage', '\0'.repeat(1000)],
    ['nothing', ''],
  ];
  for (const [name, greeting] of greetings) {
    const server = createServer((socket) => {
      socket.on('error', () => {});
      socket.end(greeting);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const transport = openHttp2Transport({ target: `127.0.0.1:${(server.address() as AddressInfo).port}` });
    t.match((await ask(transport)).status, { code: Code.UNAVAILABLE }, name);
    await transport.close();
    server.close();
  }
});

t.test('a TLS peer that does not offer HTTP/2 is UNAVAILABLE', async (t) => {
  const sockets = new Set<Socket>();
  const certificate = createCertificate('service.test');
  const server = createTlsServer({ ...certificate, ALPNProtocols: ['http/1.1'] }, (socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
  });
  server.on('tlsClientError', () => {});
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const transport = openHttp2Transport({
    target: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    tls: { ca: certificate.cert, serverName: 'service.test' },
  });
  t.teardown(async () => {
    await transport.close();
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  t.match((await ask(transport)).status, { code: Code.UNAVAILABLE });
});

t.test('a failing address is left alone for its back-off, then found again', async (t) => {
  // A round that took as long as the least back-off shows nothing of it.
  for (let isLate = true; isLate; ) {
    const port = await new Promise<number>((resolve) => {
      const server = createServer().listen(0, '127.0.0.1', () => {
        const { port } = server.address() as AddressInfo;
        server.close(() => resolve(port));
      });
    });
    const transport = openHttp2Transport({ target: `127.0.0.1:${port}` });
    t.teardown(() => transport.close());
    const begun = performance.now();
    t.match((await ask(transport)).status, { code: Code.UNAVAILABLE, message: /ECONNREFUSED/ });
    let connections = 0;
    const server = createServer((socket) => {
      connections++;
      socket.destroy();
    });
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
    t.teardown(() => void server.close());
    t.match((await ask(transport)).status, { code: Code.UNAVAILABLE });
    isLate = performance.now() - begun >= 155;
    if (!isLate) t.equal(connections, 0, 'refused from what is known');
    const ready = transport.ready(60_000);
    await until(() => connections > 0);
    await transport.close();
    t.equal(await ready, false, 'tried again after the back-off');
  }
});

// Below the resets after which a connection retires (reset-gauge.test.ts): what is shown here is one connection's places.
t.test('a cancelled call gives its place back at once, hundreds of times over', async (t) => {
  const { peer, transport } = await openBoth(
    t,
    (stream) => {
      stream.respond(grpcHeaders, { waitForTrailers: true });
    },
    { maxConnections: 1, streamsPerConnection: 3 },
  );
  for (let n = 0; n < 400; n++) {
    const call = transport.open('/test.Conn/Stay', { metadata: [], signal: neverAborted() });
    await call.write([Buffer.from('x')]);
    if (n % 50 === 0) await call.headers;
    call.cancel();
    t.equal((await call.status).code, Code.CANCELLED);
  }
  t.equal(peer.sessions.length, 1);
});

t.test('metadata that repeats a name of HTTP is sent as it is', async (t) => {
  const { peer, transport } = await openBoth(t, (stream) => answerWith(stream, [], ok));
  const call = transport.open('/test.Conn/Ask', {
    metadata: [
      ['authorization', 'a'],
      ['authorization', 'b'],
      ['x-two', '1'],
      ['x-two', '2'],
    ],
    signal: neverAborted(),
  });
  t.match(await call.status, { code: 0 });
  // Node's server keeps the first of what should come once.
  t.match(peer.requests[0], { authorization: 'a', 'x-two': '1, 2' });
});

t.test('connections that a burst has left behind are closed, one of each address stays', async (t) => {
  const { peer, transport } = await openBoth(
    t,
    (stream) => {
      stream.respond(grpcHeaders, { waitForTrailers: true });
      stream.write(frame('here'));
    },
    { idleMs: 50 },
    { settings: { maxConcurrentStreams: 2 } },
  );
  const calls = Array.from({ length: 6 }, () =>
    transport.open('/test.Conn/Stay', { metadata: [], signal: neverAborted() }),
  );
  for (const call of calls) await call.read();
  t.ok(peer.sessions.length >= 3);
  const [stays, ...others] = calls;
  for (const call of others) call.cancel();
  const open = () => peer.sessions.filter((session) => !session.closed && !session.destroyed).length;
  await until(() => open() <= 1);
  stays?.cancel();
  // Time enough to close the last one too; one that was still being made when we looked is closed as well.
  await quiet(200);
  await until(() => open() <= 1);
  t.equal(open(), 1);
  t.same(
    texts((await transport.open('/test.Conn/Stay', { metadata: [], signal: neverAborted() }).read()) ?? []),
    ['here'],
  );
});
