import { once } from 'node:events';
import { createSecureServer } from 'node:http2';
import { request } from 'node:https';
import { connect as connectTcp, type Socket } from 'node:net';
import { type ConnectionOptions, connect, type TLSSocket } from 'node:tls';
import t, { type Test } from 'tap';
import { WebSocket } from 'ws';
import { namesIn } from '../../../gateway/security/client-certificate.js';
import { clientCertificate } from '../../../gateway/security/index.js';
import { UpgradedStream } from '../../../gateway/server/http2/upgraded-stream.js';
import { createCertificate } from '../../support/certificate.js';
import { bytes, method, openForeign } from '../../support/foreign.js';
import { type HttpAnswer, read, until } from '../../support/http.js';
import { answerTo, ask, connectHttp2 } from '../../support/http2-client.js';

const CA = createCertificate('ca');
const ISSUER = { certificate: CA, name: 'ca' };
const OURS = createCertificate('localhost', ISSUER);
const JSON_TYPE = { 'content-type': 'application/json' };

async function stage(t: Test, options: object = {}) {
  const opened = await openForeign(
    t,
    {
      Ask: [{ in: 'end' }, { out: await bytes({ text: 'here' }) }],
      Down: [{ in: 'end' }, { out: await bytes({ text: 'x' }) }, { wait: new Promise<void>(() => {}) }],
      Both: [{ in: 1 }, { out: await bytes({ text: 'back' }) }, { in: 'end' }],
    },
    { tls: OURS, ...options },
  );
  return {
    ...opened,
    port: Number(new URL(opened.url).port),
    origin: opened.url.replace('127.0.0.1', 'localhost'),
  };
}

/** A socket of TLS to the gateway, or why there is none. */
async function secure(t: Test, port: number, options: ConnectionOptions = {}): Promise<TLSSocket | string> {
  const socket = connect({ port, host: '127.0.0.1', servername: 'localhost', ca: CA.cert, ...options });
  t.teardown(() => socket.destroy());
  return await new Promise((resolve) => {
    socket.once('secureConnect', () => resolve(socket));
    socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
  });
}

async function https(origin: string, path: string, options: object = {}): Promise<HttpAnswer> {
  const sent = request(origin + path, {
    method: 'POST',
    headers: JSON_TYPE,
    ca: CA.cert,
    agent: false,
    ...options,
  });
  sent.end('{}');
  const [response] = await once(sent, 'response');
  return await read(response);
}

t.test('TLS carries HTTP/1.1, HTTP/2 and WebSockets on one port, by ALPN', async (t) => {
  const { port, origin, url, upstream, lines } = await stage(t);
  t.match(url, /^https:\/\//);
  t.match(
    lines.find(({ msg }) => msg === 'gateway listening'),
    { url },
  );
  for (const [offered, chosen] of [
    [['h2', 'http/1.1'], 'h2'],
    [['http/1.1'], 'http/1.1'],
    [undefined, false],
  ] as const) {
    const socket = await secure(t, port, offered === undefined ? {} : { ALPNProtocols: [...offered] });
    t.match(socket, { alpnProtocol: chosen }, String(offered));
  }
  t.match(await https(origin, method('Ask')), { status: 200, text: '{"text":"here"}' });
  const session = connectHttp2(t, origin, { ca: CA.cert } as object);
  t.match(await ask(session, method('Ask'), JSON_TYPE, '{}'), { status: 200, text: '{"text":"here"}' });
  const protos = upstream
    .calls(method('Ask'))
    .map(({ metadata }) => metadata.find(([name]) => name === 'x-forwarded-proto')?.[1]);
  t.same(protos, ['https', 'https']);
  const socket = new WebSocket(origin.replace('https', 'wss') + method('Both'), { ca: CA.cert });
  t.teardown(() => socket.terminate());
  await once(socket, 'open');
  socket.send('{}');
  const [answer] = await once(socket, 'message');
  t.equal(String(answer), '{"text":"back"}');
});

t.test('no TLS before 1.2, and no plain text', async (t) => {
  const { port } = await stage(t);
  t.type(
    await secure(t, port, { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' }),
    'string',
  );
  t.match(await secure(t, port, { maxVersion: 'TLSv1.2' }), { authorized: true });
  t.equal(
    await secure(t, port, { ALPNProtocols: ['http/0.9'] }),
    'ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL',
  );
  const plain = connectTcp(port, '127.0.0.1');
  plain.on('error', () => {});
  plain.write('GET / HTTP/1.1\r\nhost: localhost\r\n\r\n');
  await once(plain, 'close');
  t.pass('plain text is cut');
});

t.test('a handshake that stalls is cut in time', async (t) => {
  const { port } = await stage(t, { limits: { requestHeadMs: 200 } });
  for (const first of ['', '\x16\x03\x01\x02\x00\x01']) {
    const socket = connectTcp(port, '127.0.0.1');
    t.teardown(() => socket.destroy());
    socket.on('error', () => {});
    socket.write(first, 'latin1');
    socket.resume();
    await once(socket, 'close');
    t.pass(JSON.stringify(first));
  }
});

t.test('new certificates are for new connections, and broken ones change nothing', async (t) => {
  const { port, origin, gateway } = await stage(t);
  const session = connectHttp2(t, origin, { ca: CA.cert } as object);
  const stream = session.request({ ':path': method('Down'), accept: 'application/x-ndjson' });
  stream.on('error', () => {});
  await once(stream, 'data');
  const serial = async () => {
    const socket = await secure(t, port);
    return typeof socket === 'string' ? socket : socket.getPeerCertificate().serialNumber;
  };
  const before = await serial();
  const next = createCertificate('localhost', ISSUER);
  for (const broken of [
    { cert: next.cert, key: OURS.key },
    { cert: Buffer.from('garbage'), key: next.key },
    { cert: next.cert.subarray(0, 200), key: next.key },
    { ...next, clientCa: Buffer.from('garbage') },
  ]) {
    t.throws(() => gateway.useTls(broken), { message: /^the certificates for clients cannot be used: / });
    t.equal(await serial(), before);
  }
  gateway.useTls(next);
  t.not(await serial(), before);
  t.match(await ask(session, method('Ask'), JSON_TYPE, '{}'), { status: 200 }, 'the old connection goes on');
  t.notOk(stream.closed, 'and so does what is open on it');
});

t.test(
  'a gateway does not start with certificates that do not fit, and a plain one takes none',
  async (t) => {
    const other = createCertificate('localhost', ISSUER);
    await t.rejects(stage(t, { tls: { cert: OURS.cert, key: other.key } }), {
      message: /cannot be used: .*key values mismatch/,
    });
    const { gateway } = await stage(t, { tls: undefined });
    t.throws(() => gateway.useTls(OURS), { message: 'the gateway was opened without TLS' });
  },
);

t.test('a client without a certificate of the authority is refused', async (t) => {
  const { port, origin } = await stage(t, { tls: { ...OURS, clientCa: CA.cert } });
  const theirs = createCertificate('billing.example', ISSUER);
  t.match(await https(origin, method('Ask'), theirs), { status: 200 });
  const session = connectHttp2(t, origin, { ca: CA.cert, ...theirs } as object);
  t.match(await ask(session, method('Ask'), JSON_TYPE, '{}'), { status: 200 });
  for (const other of [{}, createCertificate('billing.example')]) {
    await t.rejects(https(origin, method('Ask'), other));
    const socket = await secure(t, port, { ...other, maxVersion: 'TLSv1.2' });
    t.type(socket, 'string');
  }
});

t.test(
  'where a certificate is only requested, a client without one is let in, and one of strangers is not',
  async (t) => {
    const { port, origin } = await stage(t, { tls: { ...OURS, clientCa: CA.cert, clientAuth: 'request' } });
    const theirs = createCertificate('billing.example', ISSUER);
    for (const versions of [{ maxVersion: 'TLSv1.2' }, { minVersion: 'TLSv1.3' }] as const) {
      for (const shown of [{}, theirs]) {
        t.match(await https(origin, method('Ask'), { ...shown, ...versions }), { status: 200 });
        const session = connectHttp2(t, origin, { ca: CA.cert, ...shown, ...versions } as object);
        t.match(await ask(session, method('Ask'), JSON_TYPE, '{}'), { status: 200 });
        const socket = new WebSocket(origin.replace('https', 'wss') + method('Both'), {
          ca: CA.cert,
          ...shown,
          ...versions,
        });
        t.teardown(() => socket.terminate());
        await once(socket, 'open');
      }
      const strange = { ...createCertificate('billing.example'), ...versions };
      await t.rejects(https(origin, method('Ask'), strange));
    }
    // A session that is taken up again brings no certificate in its handshake.
    const first = connect({ port, host: '127.0.0.1', servername: 'localhost', ca: CA.cert });
    t.teardown(() => first.destroy());
    const [session] = (await once(first, 'session')) as [Buffer];
    const again = await secure(t, port, { session });
    t.ok(typeof again !== 'string' && again.isSessionReused());
    again instanceof Object && again.write('GET / HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n');
    t.match(String((await once(again as TLSSocket, 'data'))[0]), /^HTTP\/1.1 /);
  },
);

t.test('who opens a WebSocket over HTTP/2 is who has opened its connection', async (t) => {
  const server = createSecureServer({
    ...OURS,
    ca: CA.cert,
    requestCert: true,
    rejectUnauthorized: false,
    settings: { enableConnectProtocol: true },
  });
  t.teardown(() => server.close());
  const sockets: Socket[] = [];
  server.on('secureConnection', (socket: TLSSocket) => sockets.push(socket));
  const streams: Socket[] = [];
  server.on('stream', (stream) => {
    streams.push(new UpgradedStream(stream, sockets.at(-1) as Socket) as unknown as Socket);
    stream.respond({ ':status': 200 });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const origin = `https://localhost:${(server.address() as { port: number }).port}`;
  for (const shown of [createCertificate('billing.example', ISSUER), {}]) {
    const session = connectHttp2(t, origin, { ca: CA.cert, ...shown } as object);
    await once(session, 'remoteSettings');
    const stream = session.request({ ':method': 'CONNECT', ':protocol': 'websocket', ':path': '/' });
    stream.on('error', () => {});
    await once(stream, 'response');
  }
  const [known, nobody] = streams.map((stream) => clientCertificate(stream));
  t.match(known, { subject: 'CN=billing.example' });
  t.equal(known, clientCertificate(sockets[0] as Socket), 'the same for every stream of the connection');
  t.equal(nobody, undefined);
});

t.test('what a certificate says of its client can be read', async (t) => {
  const { createServer } = await import('node:tls');
  const server = createServer({ ...OURS, ca: CA.cert, requestCert: true });
  t.teardown(() => server.close());
  const seen = once(server, 'secureConnection');
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  await secure(t, port, createCertificate('billing.example', ISSUER));
  const [socket] = (await seen) as [TLSSocket];
  t.teardown(() => socket.destroy());
  t.same(clientCertificate(socket), { subject: 'CN=billing.example', names: [['DNS', 'billing.example']] });
  t.equal(clientCertificate(socket), clientCertificate(socket), 'it is read once');
  t.same(namesIn('DNS:a.example, URI:"spiffe://x/a,b", IP Address:10.0.0.1'), [
    ['DNS', 'a.example'],
    ['URI', 'spiffe://x/a,b'],
    ['IP Address', '10.0.0.1'],
  ]);
  t.same(namesIn('nothing'), []);
});

t.test('a gateway that leaves ends its connections of TLS', async (t) => {
  const { port, origin, gateway } = await stage(t);
  const idle = await secure(t, port, { ALPNProtocols: ['http/1.1'] });
  const session = connectHttp2(t, origin, { ca: CA.cert } as object);
  const stream = session.request({ ':path': method('Down'), accept: 'text/event-stream' });
  const answer = answerTo(stream);
  await once(stream, 'response');
  const stalled = connectTcp(port, '127.0.0.1');
  stalled.on('error', () => {});
  await once(stalled, 'connect');
  await gateway.close();
  t.match(await answer, { status: 200, complete: true, text: /retry:/ });
  await until(
    t,
    'all to be closed',
    () => (idle as TLSSocket).destroyed && stalled.destroyed && session.destroyed,
  );
});
