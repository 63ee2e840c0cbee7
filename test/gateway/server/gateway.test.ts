import { connect as connectTcp, createServer } from 'node:net';
import { pino } from 'pino';
import t from 'tap';
import { openGateway } from '../../../gateway/index.js';
import { bytes, foreignSchema, method, openForeign } from '../../support/foreign.js';
import { closeInTeardown } from '../../support/given-back.js';
import { http, httpJson } from '../../support/http.js';
import { connect } from '../../support/websocket.js';

const silent = pino({ level: 'silent' });

t.test('an option that is wrong is one clear line, and nothing is left open', async (t) => {
  const schema = await foreignSchema();
  const base = {
    upstream: '127.0.0.1:1',
    listen: '127.0.0.1:0',
    adminListen: '127.0.0.1:0',
    schema,
    log: silent,
  };
  await t.rejects(openGateway({ ...base, listen: 'nonsense' }), /listen address "nonsense": write it like/);
  await t.rejects(openGateway({ ...base, listen: '127.0.0.1:70000' }), /70000/);
  await t.rejects(openGateway({ ...base, limits: { headWaitMs: -1 } }), /headWaitMs/);
  await t.rejects(openGateway({ ...base, allowOrigins: ['example.com'] }), /allowed origin "example.com"/);
  await t.rejects(openGateway({ ...base, forwardHeaders: ['Connection'] }), /forward header connection/);
  await t.rejects(openGateway({ ...base, upstream: '' }), /upstream/);
  await t.rejects(openGateway({ ...base, pageDir: '/nowhere/at/all' }), /nowhere/);
  const taken = createServer();
  await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
  const { port } = taken.address() as { port: number };
  await t.rejects(openGateway({ ...base, listen: `127.0.0.1:${port}` }), { code: 'EADDRINUSE' });
  taken.close();
});

t.test('the services are listed from the descriptors', async (t) => {
  const { url } = await openForeign(t, {});
  const { status, json } = await httpJson(`${url}/_sluice/services`);
  t.equal(status, 200);
  const { services } = json as {
    services: { name: string; methods: { name: string; kind: string; path: string }[] }[];
  };
  t.same(
    services.map(({ name }) => name),
    ['foreign.v1.Foreign'],
  );
  t.match(
    services[0]?.methods.map(({ name, kind, path }) => ({ name, kind, path })),
    [
      { name: 'Ask', kind: 'unary', path: method('Ask') },
      { name: 'Down', kind: 'server_stream' },
      { name: 'Numbered' },
      { name: 'Up', kind: 'client_stream' },
      { name: 'Both', kind: 'bidi_stream' },
    ],
  );
});

t.test('other sites are kept out, unless they are allowed by name', async (t) => {
  const closed = await openForeign(t, {
    Ask: [{ in: 'end' }, { out: await bytes({}) }],
    Numbered: [{ in: 'end' }],
  });
  const crossSite = { 'sec-fetch-site': 'cross-site', origin: 'https://app.example' };
  const path = `${closed.url}${method('Down')}`;
  t.equal(
    (await http(`${closed.url}${method('Numbered')}`, { headers: crossSite })).status,
    200,
    'free of side effects',
  );
  const plain = await http(`${closed.url}${method('Both')}`, { headers: crossSite });
  t.equal(plain.status, 403, 'not declared free of them');
  t.equal(plain.headers['access-control-allow-origin'], undefined);
  t.not((await http(path, { headers: { 'sec-fetch-site': 'same-origin' } })).status, 403);
  // What a form on another site can send without asking: no preflight protects us.
  const form = { ...crossSite, 'content-type': 'text/plain' };
  const store = await http(`${closed.url}/foreign/files/x`, { method: 'PUT', body: 'evil', headers: form });
  t.equal(store.status, 403);
  t.equal((await http(`${closed.url}${method('Both')}`, { method: 'POST', headers: crossSite })).status, 403);
  const preflight = { method: 'OPTIONS', headers: { ...crossSite, 'access-control-request-method': 'POST' } };
  t.equal((await http(path, preflight)).headers['access-control-allow-origin'], undefined);

  const open = await openForeign(
    t,
    {
      Down: [{ in: 'end' }, { out: await bytes({}) }],
      Ask: [
        { in: 'end' },
        { headers: [['x-init', '1']] },
        { out: await bytes({}) },
        { status: 'OK', trailers: [['x-cost', '7']] },
      ],
    },
    { allowOrigins: ['https://app.example'] },
  );
  for (const accept of ['text/event-stream', 'application/x-ndjson']) {
    const answer = await http(open.url + method('Down'), { headers: { ...crossSite, accept } });
    t.equal(answer.status, 200);
    t.equal(
      answer.headers['access-control-allow-origin'],
      'https://app.example',
      'streams keep what CORS has set',
    );
  }
  const unary = await http(open.url + method('Ask'), { headers: { origin: 'https://app.example' } });
  t.match(
    unary.headers['access-control-expose-headers'],
    /grpc-status, .*grpc-metadata-x-init, grpc-trailer-x-cost/,
  );
  const allowed = await http(open.url + method('Ask'), preflight);
  t.equal(allowed.status, 204);
  t.match(allowed.headers['access-control-allow-methods'], 'POST');
  const other = await http(open.url + method('Ask'), { headers: { origin: 'https://evil.example' } });
  t.not(other.headers['access-control-allow-origin'], 'https://evil.example');
});

t.test('OPTIONS says what a path has', async (t) => {
  const { url } = await openForeign(t, {});
  const answer = await http(`${url}/foreign/items`, { method: 'OPTIONS' });
  t.equal(answer.status, 204);
  t.match(answer.headers.allow, 'POST');
  t.equal((await http(`${url}/none`, { method: 'OPTIONS' })).status, 404);
});

t.test('readiness follows the service', async (t) => {
  const { gateway, upstream } = await openForeign(t, {});
  const ready = `${gateway.adminUrl}/readyz`;
  t.equal((await http(ready)).status, 200);
  upstream.close();
  while ((await http(ready)).status !== 503);
  t.equal((await http(`${gateway.adminUrl}/healthz`)).status, 200);
});

t.test('a gateway whose service is not there yet says so, and learns the schema when it comes', async (t) => {
  const lines: Record<string, unknown>[] = [];
  const log = pino({ level: 'info' }, { write: (line: string) => void lines.push(JSON.parse(line)) });
  const gateway = await openGateway({
    upstream: '127.0.0.1:1',
    listen: '127.0.0.1:0',
    adminListen: '127.0.0.1:0',
    log,
  });
  closeInTeardown(t, gateway);
  const answer = await httpJson(gateway.url + method('Ask'));
  t.match(answer, { status: 503, json: { error: { status: 'UNAVAILABLE', message: /schema.*not loaded/ } } });
  const ready = await httpJson(`${gateway.adminUrl}/readyz`);
  t.match(ready, { status: 503, json: { problem: /schema/ } });
  t.same(
    lines.slice(0, 2).map(({ msg }) => msg),
    ['gateway listening', 'schema not loaded'],
  );
});

t.test('request ids: a sane one is kept, others are replaced', async (t) => {
  const { url } = await openForeign(t, {});
  for (const [given, kept] of [
    ['abc-1', true],
    ['x'.repeat(200), false],
    ['a b', false],
  ] as const) {
    const answer = await http(`${url}/none`, { headers: { 'x-request-id': given } });
    t.equal(answer.headers['x-request-id'] === given, kept, given.slice(0, 20));
  }
});

t.test('what is no HTTP request has the same kind of answer', async (t) => {
  const { url } = await openForeign(t, {});
  const text = await raw(url, 'GET / HTTP/1.1\r\na b: c\r\n\r\n');
  t.match(text, /^HTTP\/1\.1 400 /);
  t.match(text, /\r\nx-request-id: /);
  t.match(JSON.parse(text.split('\r\n\r\n')[1] ?? ''), { error: { code: 400, status: 'INVALID_ARGUMENT' } });
});

t.test('odd requests: absolute form is served, two hosts and unknown methods are not', async (t) => {
  const { url } = await openForeign(t, { Ask: [{ in: 'end' }, { out: await bytes({ text: 'yes' }) }] });
  const tail = 'host: localhost\r\nconnection: close\r\n\r\n';
  t.match(
    await raw(url, `GET http://localhost${method('Ask')}?number=1 HTTP/1.1\r\n${tail}`),
    /^HTTP\/1\.1 200 [\s\S]*yes/,
  );
  t.match(
    await raw(url, `GET ${method('Ask')} HTTP/1.1\r\nhost: b\r\n${tail}`),
    /^HTTP\/1\.1 400 [\s\S]*host/,
  );
  t.match(
    await raw(url, `TRACE ${method('Ask')} HTTP/1.1\r\n${tail}`),
    /^HTTP\/1\.1 501 [\s\S]*"UNIMPLEMENTED"/,
  );
});

t.test('pipelined requests are answered in order, and too many at once are refused', async (t) => {
  const warnings: Error[] = [];
  const onWarning = (warning: Error) => warnings.push(warning);
  process.on('warning', onWarning);
  t.teardown(() => process.off('warning', onWarning));
  const { url, upstream } = await openForeign(t, { Ask: [{ in: 'end' }, { out: await bytes({}) }] });
  const request = (n: number) =>
    `GET ${method('Ask')}?number=${n} HTTP/1.1\r\nhost: localhost\r\nx-request-id: ${n}\r\n`;
  const few = Array.from(
    { length: 8 },
    (_, n) => `${request(n)}${n === 7 ? 'connection: close\r\n' : ''}\r\n`,
  );
  const text = await raw(url, few.join(''));
  t.same(
    [...text.matchAll(/\r\nx-request-id: (\d+)/g)].map(([, id]) => Number(id)),
    [0, 1, 2, 3, 4, 5, 6, 7],
  );
  const before = upstream.calls(method('Ask')).length;
  const many = Array.from(
    { length: 200 },
    (_, n) => `${request(n)}${n === 199 ? 'connection: close\r\n' : ''}\r\n`,
  );
  t.match(await raw(url, many.join('')), /HTTP\/1\.1 429 [^{]*sluice-reason: PIPELINE_LIMIT/);
  t.ok(upstream.calls(method('Ask')).length - before < 100);
  t.same(warnings, []);
});

t.test('an error does not repeat megabytes of what was wrong', async (t) => {
  const { url, lines } = await openForeign(t, { Ask: [] });
  const body = JSON.stringify({ number: '1'.repeat(1_000_000) });
  const answer = await http(url + method('Ask'), { body, headers: { 'content-type': 'application/json' } });
  t.equal(answer.status, 400);
  t.ok(answer.text.length < 2_000);
  t.ok(lines.every((line) => JSON.stringify(line).length < 4_000));
});

t.test('a WebSocket opens at the path of a method and nowhere else', async (t) => {
  const { wsUrl } = await openForeign(t, {});
  for (const path of ['/_sluice/services', '/none']) {
    await t.rejects(connect(wsUrl + path), { message: 'HTTP 404' });
  }
});

t.test('a wish for another protocol is passed over, and the connection goes on', async (t) => {
  const { url } = await openForeign(t, { Ask: [{ in: 'end' }, { out: await bytes({ text: 'yes' }) }] });
  const wish =
    'host: localhost\r\nconnection: Upgrade, HTTP2-Settings\r\nupgrade: h2c\r\nhttp2-settings: AAMAAABkAAQAAP__\r\n';
  const body = '{"text":"c"}';
  const length = `content-type: application/json\r\ncontent-length: ${body.length}\r\n`;
  const wishes = [
    `GET ${method('Ask')}?text=a HTTP/1.1\r\n${wish}\r\n`,
    `POST ${method('Ask')} HTTP/1.1\r\n${wish}${length}\r\n${body}`,
  ];
  const last = `GET ${method('Ask')} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n`;
  for (const first of wishes) t.equal((await raw(url, first, last)).match(/HTTP\/1\.1 200 /g)?.length, 2);
});

t.test('a handshake that is none has the same kind of answer as everything else', async (t) => {
  const { url } = await openForeign(t, {});
  const ask = (verb: string, more: string) =>
    raw(
      url,
      `${verb} ${method('Both')} HTTP/1.1\r\nhost: localhost\r\nconnection: upgrade\r\nupgrade: websocket\r\n${more}\r\n`,
    );
  const key = 'sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n';
  t.match(
    await ask('GET', `${key}sec-websocket-version: 99\r\n`),
    /^HTTP\/1\.1 426 [\s\S]*x-request-id[\s\S]*"INVALID_ARGUMENT"/,
  );
  t.match(await ask('GET', 'sec-websocket-version: 13\r\n'), /^HTTP\/1\.1 400 [\s\S]*sec-websocket-key/);
  t.match(await ask('POST', `${key}sec-websocket-version: 13\r\n`), /^HTTP\/1\.1 405 /);
});

t.test('hosts and queries that are broken are refused, naming them', async (t) => {
  const { url, upstream } = await openForeign(t, { Ask: [] });
  t.match(
    await raw(url, 'GET / HTTP/1.1\r\nconnection: close\r\n\r\n'),
    /^HTTP\/1\.1 400 [\s\S]*header host/,
  );
  for (const query of ['text=%zz', 'text=%ff', 'te%xt=1']) {
    t.match(await httpJson(`${url}${method('Ask')}?${query}`), {
      status: 400,
      json: { error: { message: /query/ } },
    });
  }
  t.equal(upstream.calls(method('Ask')).length, 0);
});

/** Sends bytes as they are, and then more after the first answer; reads until the connection ends. */
function raw(url: string, request: string, next?: string): Promise<string> {
  return new Promise((resolve) => {
    const socket = connectTcp(Number(new URL(url).port), '127.0.0.1', () => socket.write(request));
    let answer = '';
    socket.on('data', (chunk) => {
      if (answer === '' && next !== undefined) socket.write(next);
      answer += chunk;
    });
    socket.on('close', () => resolve(answer));
    socket.on('error', () => {});
  });
}
