import { once } from 'node:events';
import { request } from 'node:https';
import t, { type Test } from 'tap';
import { WebSocket } from 'ws';
import { parseConfig } from '../../../gateway/server/config/index.js';
import { createCertificate } from '../../support/certificate.js';
import { bytes, method, openForeign } from '../../support/foreign.js';
import { frame } from '../../support/grpc-frames.js';
import { type HttpAnswer, read } from '../../support/http.js';
import { ask, connectHttp2 } from '../../support/http2-client.js';
import { issuerKey, openIssuer } from '../../support/issuer.js';

const CA = createCertificate('ca');
const ISSUER = { certificate: CA, name: 'ca' };
const OURS = createCertificate('localhost', ISSUER);
const BILLING = createCertificate('billing.example', ISSUER, ['spiffe://example/ns/shop/billing']);
const NAMELESS = createCertificate('plain.example', ISSUER);
const TWO = createCertificate('two.example', ISSUER, ['spiffe://example/a', 'spiffe://example/b']);
const JSON_TYPE = { 'content-type': 'application/json' };

interface Shown {
  readonly cert?: Buffer;
  readonly key?: Buffer;
}

async function setUp(t: Test, settings: string, more = '', options: object = {}) {
  const es = await issuerKey('es');
  const issuer = await openIssuer(t, [es]);
  const config = await parseConfig(
    `auth:
  issuers: [{ issuer: "${issuer.issuer}", audience: [sluice], keys: { jwksUrl: "${issuer.jwksUrl}" } }]
  forward: { sub: x-user-id, iss: x-user-from }
  clientCertificates: ${settings}
${more}`,
    'test.yaml',
  );
  const one = [{ out: await bytes({ text: 'a' }) }] as const;
  const foreign = await openForeign(t, { Ask: one, Down: one, Up: one, Fetch: one }, {
    config,
    tls: { ...OURS, clientCa: CA.cert, clientAuth: 'request' },
    ...options,
  } as object);
  const origin = foreign.url.replace('127.0.0.1', 'localhost');
  /** Who called last, as the service was told. */
  const told = (name = 'Ask') => {
    const { metadata = [] } = foreign.upstream.calls(method(name)).at(-1) ?? {};
    const of = Object.fromEntries(metadata.map(([key, value]) => [key, value]));
    return { sub: of['x-user-id'], iss: of['x-user-from'], authorization: of.authorization };
  };
  return { ...foreign, origin, told, token: (claims = {}) => issuer.sign(es, claims), issuer };
}

async function https(origin: string, path: string, shown: Shown, headers = {}): Promise<HttpAnswer> {
  const all = { ...JSON_TYPE, ...headers };
  const sent = request(origin + path, { method: 'POST', headers: all, ca: CA.cert, agent: false, ...shown });
  sent.end('{}');
  const [response] = await once(sent, 'response');
  return await read(response);
}

/** The end of a call of a session. */
async function sessionCall(origin: string, shown: Shown): Promise<{ code: number }> {
  const url = `${origin.replace('http', 'ws')}/_sluice/session`;
  const socket = new WebSocket(url, ['sluice.v1.json'], { ca: CA.cert, ...shown } as object);
  await once(socket, 'open');
  socket.send(JSON.stringify({ open: { id: 1, method: method('Ask').slice(1), credit: 1 } }));
  socket.send(JSON.stringify({ message: { id: 1, data: {} } }));
  for (;;) {
    const [text] = await once(socket, 'message');
    const { end } = JSON.parse(String(text));
    if (end === undefined) continue;
    socket.terminate();
    return end.status;
  }
}

async function webSocket(origin: string, shown: Shown): Promise<number> {
  const socket = new WebSocket(origin.replace('http', 'ws') + method('Down'), {
    ca: CA.cert,
    ...shown,
  } as object);
  socket.on('error', () => {});
  return await new Promise((resolve) => {
    socket.on('open', () => {
      socket.send('{}');
      socket.once('message', () => {
        socket.terminate();
        resolve(101);
      });
    });
    socket.on('unexpected-response', (_request, response) => resolve(response.statusCode ?? 0));
  });
}

t.test('a certificate says who calls, on every surface, and who shows none is nobody', async (t) => {
  const { origin, told, lines } = await setUp(t, '{ issuer: mesh }');
  const sub = 'spiffe://example/ns/shop/billing';
  const known = { sub, iss: 'mesh', authorization: undefined };
  for (const [shown, isKnown] of [
    [BILLING, true],
    [{}, false],
  ] as const) {
    const who = isKnown ? 'with one' : 'without';
    const checkTold = (surface: string, name = 'Ask') => {
      if (isKnown) t.same(told(name), known, `${surface} ${who}`);
    };
    const status = isKnown ? 200 : 401;
    t.equal((await https(origin, method('Ask'), shown)).status, status, `json ${who}`);
    checkTold('json');
    const sse = { accept: 'text/event-stream' };
    t.equal((await https(origin, method('Down'), shown, sse)).status, status, `sse ${who}`);
    checkTold('sse', 'Down');
    const expect = { expect: '100-continue' };
    t.equal((await https(origin, method('Ask'), shown, expect)).status, status, `Fastify ${who}`);
    const http2 = connectHttp2(t, origin, { ca: CA.cert, ...shown } as object);
    t.equal((await ask(http2, method('Ask'), JSON_TYPE, '{}')).status, status, `json, HTTP/2 ${who}`);
    checkTold('json, HTTP/2');
    const grpc = { 'content-type': 'application/grpc', te: 'trailers' };
    const answer = await ask(http2, method('Ask'), grpc, frame(new Uint8Array(0)));
    if (!isKnown) t.equal(Number(answer.headers['grpc-status']), 16, 'grpc');
    checkTold('grpc');
    t.equal(await webSocket(origin, shown), isKnown ? 101 : 401, `websocket ${who}`);
    checkTold('websocket', 'Down');
    t.match(await sessionCall(origin, shown), { code: isKnown ? 0 : 16 }, `session ${who}`);
    checkTold('session');
    const documents = { ':method': 'GET' };
    const services = await ask(http2, '/_sluice/openapi.json', documents);
    t.equal(services.status, status, `document ${who}`);
  }
  t.ok(lines.some(({ msg, principal }) => msg === 'call' && principal === sub));
});

t.test('a token names the user, and goes before the certificate', async (t) => {
  const { origin, told, token } = await setUp(t, '{}');
  const headers = { authorization: `Bearer ${await token()}` };
  t.equal((await https(origin, method('Ask'), BILLING, headers)).status, 200);
  t.match(told(), { sub: 'alice', authorization: /^Bearer / });
  const bad = await https(origin, method('Ask'), BILLING, { authorization: 'Bearer x' });
  t.equal(bad.status, 401, 'a bad one is refused, whatever the certificate says');
  t.equal((await https(origin, method('Ask'), BILLING)).status, 200);
  t.match(told(), { sub: 'spiffe://example/ns/shop/billing', iss: 'mtls', authorization: undefined });
});

t.test('which of its names counts is configured, and several of a kind are none', async (t) => {
  const cases: [settings: string, shown: Shown, sub: string | undefined][] = [
    ['{}', NAMELESS, 'plain.example'],
    ['{ subject: uri }', NAMELESS, undefined],
    ['{ subject: cn }', BILLING, 'billing.example'],
    ['{ subject: dns }', BILLING, 'billing.example'],
    ['{ subject: [dns, uri] }', BILLING, 'billing.example'],
    ['{}', TWO, undefined],
    ['{ subject: cn }', TWO, 'two.example'],
  ];
  for (const [settings, shown, sub] of cases) {
    const { origin, told } = await setUp(t, settings);
    const { status } = await https(origin, method('Ask'), shown);
    t.equal(status, sub === undefined ? 401 : 200, settings);
    if (sub !== undefined) t.equal(told().sub, sub, settings);
  }
});

t.test('subjects have roles, and a rule for scopes has none of them', async (t) => {
  const { origin } = await setUp(
    t,
    '{ roles: { shop: ["spiffe://example/ns/shop/*"], audit: ["plain.example"] } }',
    `methods:
  foreign.v1.Foreign/Ask: { access: { roles: [shop] } }
  foreign.v1.Foreign/Down: { access: { scopes: [read] } }
`,
  );
  t.equal((await https(origin, method('Ask'), BILLING)).status, 200);
  t.equal((await https(origin, method('Ask'), NAMELESS)).status, 403);
  t.equal((await https(origin, method('Down'), BILLING)).status, 403);
});

t.test('that of a trusted proxy says nothing of its clients', async (t) => {
  const { origin } = await setUp(t, '{}', '', { trustedProxies: ['127.0.0.0/8', '::1'] });
  t.equal((await https(origin, method('Ask'), BILLING)).status, 401);
});

t.test('what is wrong with the settings is named', async (t) => {
  const cases: [text: string, problem: RegExp][] = [
    ['{ subject: email }', /clientCertificates\.subject must be one of uri, dns, cn, or a list of them/],
    ['{ subject: [] }', /clientCertificates\.subject/],
    ['{ issuer: "" }', /clientCertificates\.issuer must be a name of your choice/],
    ['{ roles: [a] }', /clientCertificates\.roles must be a map of roles/],
    ['{ roles: { a: b } }', /clientCertificates\.roles\.a must be a map of roles/],
    ['{ role: {} }', /clientCertificates\.role is unknown, did you mean roles/],
    [
      '{}, issuers: [{ issuer: mtls, audience: [a], keys: { file: k } }]',
      /clientCertificates\.issuer must not be the name of an issuer of tokens/,
    ],
  ];
  for (const [text, problem] of cases)
    await t.rejects(
      parseConfig(`auth: { clientCertificates: ${text} }`, 'test.yaml'),
      { message: problem },
      text,
    );
  await t.rejects(
    openForeign(t, {}, { config: await parseConfig('auth: { clientCertificates: {} }', 'a') }),
    {
      message: /auth\.clientCertificates needs --tls-client-ca/,
    },
  );
});
