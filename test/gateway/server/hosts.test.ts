import { networkInterfaces } from 'node:os';
import t, { type Test } from 'tap';
import type { GatewayOptions } from '../../../gateway/index.js';
import { bytes, method, openForeign } from '../../support/foreign.js';
import { http, httpJson, until } from '../../support/http.js';
import { raw } from '../../support/raw-client.js';
import { connect } from '../../support/websocket.js';

const ROUTES = [
  '/',
  '/_sluice/services',
  '/_sluice/page/browser/index.js',
  '/foreign/items/1',
  method('Ask'),
  '/none',
];

async function open(t: Test, options: Partial<GatewayOptions> = {}) {
  const pageDir = t.testdir({ playground: { 'index.html': 'hello' }, browser: { 'index.js': '' } });
  return await openForeign(t, { Ask: [{ in: 'end' }, { out: await bytes({}) }] }, { pageDir, ...options });
}

t.test(
  'a name that was made to lead to a loopback address gets 421 on every path of both ports',
  async (t) => {
    const { url, wsUrl, gateway, lines } = await open(t);
    const addresses = [
      ...ROUTES.map((path) => url + path),
      ...['/healthz', '/readyz', '/metrics', '/none'].map((path) => gateway.adminUrl + path),
    ];
    const port = new URL(url).port;
    for (const address of addresses) {
      for (const verb of ['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'OPTIONS']) {
        const answer = await http(address, { method: verb, headers: { host: `evil.example:${port}` } });
        t.equal(answer.status, 421, `${verb} ${address}`);
        t.type(answer.headers['x-request-id'], 'string');
      }
      t.not((await http(address, { headers: { host: `LOCALHOST.:${port}` } })).status, 421, address);
    }
    t.match(
      await httpJson(`${url}/?ticket=secret`, { headers: { host: 'evil.example', 'x-request-id': 'r1' } }),
      {
        status: 421,
        json: { error: { code: 421, status: 'PERMISSION_DENIED', message: /"evil\.example".*--allow-host/ } },
      },
    );
    t.match(
      lines.filter(({ requestId }) => requestId === 'r1'),
      [{ msg: 'request refused', httpMethod: 'GET', path: '/', httpStatus: 421, reason: 'HOST_NOT_SERVED' }],
    );
    t.notMatch(JSON.stringify(lines), 'secret');
    for (const path of [method('Ask'), '/_sluice/session']) {
      const headers = { host: 'evil.example', origin: 'http://evil.example' };
      await t.rejects(connect(wsUrl + path, { headers }, ['sluice.v1.json']), { message: 'HTTP 421' }, path);
    }
  },
);

t.test('the target counts before the field, and HTTP/1.0 needs neither', async (t) => {
  const { url, lines } = await open(t);
  const ask = async (text: string) => {
    const client = await raw(t, url, text);
    await until(t, 'the head of the answer', () => client.answer.includes('\r\n\r\n'));
    client.socket.destroy();
    return Number(client.answer.split(' ')[1]);
  };
  const path = method('Ask');
  const end = 'connection: close\r\n\r\n';
  t.equal(await ask(`GET http://evil.example${path} HTTP/1.1\r\nhost: localhost\r\n${end}`), 421);
  t.equal(await ask(`GET http://localhost@evil.example${path} HTTP/1.1\r\nhost: localhost\r\n${end}`), 421);
  t.equal(await ask(`GET http://me:pass@word@localhost${path} HTTP/1.1\r\nhost: localhost\r\n${end}`), 421);
  t.equal(await ask(`GET ${path} HTTP/1.1\r\nhost: me:pass@evil.example\r\n${end}`), 421);
  t.notMatch(JSON.stringify(lines), 'pass', 'what stands before an @ is not logged');
  t.equal(await ask(`GET http://localhost${path} HTTP/1.1\r\nhost: evil.example\r\n${end}`), 200);
  t.equal(await ask(`GET ${path} HTTP/1.0\r\n\r\n`), 200);
  t.equal(await ask(`GET ${path} HTTP/1.0\r\nhost: evil.example\r\n\r\n`), 421);
  t.equal(await ask(`GET ${path} HTTP/1.1\r\n${end}`), 400);
  t.equal(await ask(`GET ${path} HTTP/1.1\r\nhost:\r\n${end}`), 421);
  t.equal(await ask(`GET ${path} HTTP/1.1\r\nhost: localhost\r\nhost: localhost\r\n${end}`), 400);
  const h2c =
    'connection: upgrade, http2-settings\r\nupgrade: h2c\r\nhttp2-settings: AAMAAABkAAQAAP__\r\n\r\n';
  t.equal(await ask(`GET ${path} HTTP/1.1\r\nhost: evil.example\r\n${h2c}`), 421);
});

t.test(
  'other addresses answer for every host, until names are given: then for these and for themselves',
  async (t) => {
    const address = Object.values(networkInterfaces())
      .flat()
      .find((one) => one?.family === 'IPv4' && !one.internal)?.address;
    const listen = { listen: '0.0.0.0:0', adminListen: '0.0.0.0:0' };
    const all = await open(t, listen);
    const some = await open(t, { ...listen, allowHosts: ['api.example.com'] });
    for (const [label, { gateway }, expected] of [
      ['all', all, [200, 200, 200, 200]],
      ['some', some, [421, 200, 421, 200]],
    ] as const) {
      for (const [url, path] of [
        [gateway.url, method('Ask')],
        [gateway.adminUrl, '/healthz'],
      ] as const) {
        const near = address ?? '127.0.0.1';
        const at = `http://${near}:${new URL(url).port}${path}`;
        const hosts = ['evil.example', 'api.example.com:80', 'localhost', `${near}:80`];
        const got: number[] = [];
        for (const host of hosts) got.push((await http(at, { headers: { host } })).status);
        t.same(got, expected, `${label} ${path}`);
      }
    }
  },
);

t.test('names are allowed besides loopback ones, and through a trusted proxy', async (t) => {
  const statusesOf = async (url: string, hosts: readonly string[], more: Record<string, string> = {}) => {
    const got: number[] = [];
    for (const host of hosts) got.push((await http(url, { headers: { host, ...more } })).status);
    return got;
  };
  const named = await open(t, { allowHosts: ['app.example.com'] });
  const hosts = ['app.example.com', 'localhost', 'evil.example'];
  t.same(await statusesOf(named.url + method('Ask'), hosts), [200, 200, 421]);
  t.same(await statusesOf(`${named.gateway.adminUrl}/healthz`, hosts), [200, 200, 421]);
  const forwarded = { 'x-forwarded-host': 'app.example.com' };
  t.same(await statusesOf(named.url + method('Ask'), ['evil.example'], forwarded), [421], 'nobody trusts it');
  const proxied = await open(t, { allowHosts: ['app.example.com'], trustedProxies: ['127.0.0.0/8'] });
  t.same(await statusesOf(proxied.url + method('Ask'), ['gateway'], forwarded), [200]);
  t.same(
    await statusesOf(proxied.url + method('Ask'), ['localhost'], { 'x-forwarded-host': 'evil.example' }),
    [421],
  );
  t.same(await statusesOf(proxied.url + method('Ask'), hosts), [200, 200, 421]);
});

t.test('a listen address that is a name is what it leads to', async (t) => {
  const { url } = await open(t, { listen: 'localhost:0' });
  const { port } = new URL(url);
  t.equal((await http(`http://localhost:${port}/`, { headers: { host: 'evil.example' } })).status, 421);
  t.equal((await http(`http://localhost:${port}/`)).status, 200);
});

t.test('a head that is too large is 431 with the limit, in one line of log', async (t) => {
  const { url, lines } = await open(t, { limits: { maxHeadBytes: 2_000 } });
  t.equal((await http(`${url}/`, { headers: { 'x-long': 'x'.repeat(1_500) } })).status, 200);
  for (const text of [
    `GET / HTTP/1.1\r\nhost: localhost\r\nx-long: ${'x'.repeat(3_000)}\r\n\r\n`,
    `GET /${'x'.repeat(3_000)} HTTP/1.1\r\nhost: localhost\r\n\r\n`,
    `GET / HTTP/1.1\r\nhost: localhost\r\n${'a: b\r\n'.repeat(1_000)}\r\n`,
  ]) {
    const client = await raw(t, url, text);
    await client.closed;
    t.match(
      client.answer,
      /^HTTP\/1\.1 431 [\s\S]*RESOURCE_EXHAUSTED[\s\S]* 2000 bytes: see --max-head-bytes/,
    );
    const id = /x-request-id: (\S+)/.exec(client.answer)?.[1];
    await until(t, 'the log', () => lines.some(({ requestId }) => requestId === id));
    t.match(
      lines.filter(({ requestId }) => requestId === id),
      [{ msg: 'request refused', httpStatus: 431, peer: '127.0.0.1' }],
    );
  }
});
