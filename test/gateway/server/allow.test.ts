import Fastify from 'fastify';
import { pino } from 'pino';
import t, { type Test } from 'tap';
import type { GatewayOptions } from '../../../gateway/index.js';
import { openGateway } from '../../../gateway/index.js';
import { registerPublicHealth } from '../../../gateway/server/health.js';
import { Exchanges } from '../../../gateway/surfaces/index.js';
import { method, openForeign } from '../../support/foreign.js';
import { closeInTeardown } from '../../support/given-back.js';
import { http } from '../../support/http.js';
import { raw } from '../../support/raw-client.js';

const ORIGIN = 'https://app.example.com';

/** A folder as the build makes it. */
function pageDir(t: Test): string {
  return t.testdir({ playground: { 'index.html': '<!doctype html>', 'page.css': '' } });
}

const PATHS: [path: string, allow: string | undefined][] = [
  ['/', 'GET, HEAD, OPTIONS'],
  ['/_sluice/page/playground/page.css', 'GET, HEAD, OPTIONS'],
  ['/_sluice/page/playground/none.css', undefined],
  ['/_sluice/services', 'GET, HEAD, OPTIONS'],
  ['/_sluice/services?x=1', 'GET, HEAD, OPTIONS'],
  ['/_sluice/session', 'GET, OPTIONS'],
  ['/_sluice/none', undefined],
  ['/healthz', 'GET, HEAD, OPTIONS'],
  [method('Ask'), 'POST, GET, HEAD, QUERY, OPTIONS'],
  [method('Down'), 'POST, GET, HEAD, QUERY, OPTIONS'],
  [method('Up'), 'POST, OPTIONS'],
  [method('None'), undefined],
  ['/foreign/items', 'POST, OPTIONS'],
  ['/none', undefined],
  ['/*', undefined],
  ['/:path', undefined],
];

const cases: [name: string, options: Partial<GatewayOptions>, headers: Record<string, string>][] = [
  ['without origins', {}, {}],
  ['without origins, from a page', {}, { origin: ORIGIN }],
  ['with an origin', { allowOrigins: [ORIGIN] }, {}],
  ['with an origin, from its page', { allowOrigins: [ORIGIN] }, { origin: ORIGIN }],
  ['with an origin, from another page', { allowOrigins: [ORIGIN] }, { origin: 'https://evil.example' }],
  ['with every origin', { allowOrigins: ['*'] }, { origin: ORIGIN }],
];

for (const [name, options, headers] of cases) {
  t.test(`OPTIONS is 204 with Allow for every path that has something, else 404: ${name}`, async (t) => {
    const { url, gateway } = await openForeign(
      t,
      {},
      { pageDir: pageDir(t), publicHealth: true, ...options },
    );
    for (const [path, allow] of PATHS) {
      const answer = await http(url + path, { method: 'OPTIONS', headers });
      t.equal(answer.status, allow === undefined ? 404 : 204, path);
      t.equal(answer.headers.allow, allow, path);
      if (allow === undefined) continue;
      t.equal(answer.text, '');
      t.equal(answer.headers['content-length'], undefined, 'RFC 9110, section 8.6');
      if (name.endsWith('its page')) t.equal(answer.headers['access-control-allow-origin'], ORIGIN);
    }
    for (const target of ['*', url]) {
      const client = await raw(
        t,
        url,
        `OPTIONS ${target} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n`,
      );
      await client.closed;
      t.match(client.answer, /^HTTP\/1\.1 204 /, target);
      t.match(client.answer, /\r\nallow: GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS\r\n/i, target);
    }
    for (const path of ['/healthz', '/readyz', '/metrics']) {
      const answer = await http(gateway.adminUrl + path, { method: 'OPTIONS', headers });
      t.equal(answer.status, 204, path);
      t.equal(answer.headers.allow, 'GET, HEAD, OPTIONS');
    }
    t.equal((await http(`${gateway.adminUrl}/none`, { method: 'OPTIONS', headers })).status, 404);
  });
}

t.test('a preflight is answered for every path, with nothing but CORS', async (t) => {
  const { url } = await openForeign(t, {}, { allowOrigins: [ORIGIN], pageDir: pageDir(t) });
  const headers = {
    origin: ORIGIN,
    'access-control-request-method': 'PUT',
    'access-control-request-headers': 'x-own',
  };
  for (const [path] of PATHS) {
    const answer = await http(url + path, { method: 'OPTIONS', headers });
    t.equal(answer.status, 204, path);
    t.equal(answer.headers.allow, undefined);
    t.equal(answer.headers['access-control-allow-origin'], ORIGIN);
    t.match(answer.headers['access-control-allow-methods'], 'PUT');
    t.equal(answer.headers['access-control-allow-headers'], 'x-own');
    t.equal(answer.headers['access-control-max-age'], '600');
  }
});

t.test('another method at a path of our own is 405 with Allow', async (t) => {
  const { url, gateway } = await openForeign(t, {}, { pageDir: pageDir(t), publicHealth: true });
  for (const [path, allow] of PATHS) {
    const isOwn = path === '/' || path === '/healthz' || path.startsWith('/_sluice/');
    if (!isOwn) continue;
    for (const verb of ['POST', 'PUT', 'PATCH', 'DELETE']) {
      const answer = await http(url + path, { method: verb });
      t.equal(answer.status, allow === undefined ? 404 : 405, `${verb} ${path}`);
      t.equal(answer.headers.allow, allow?.replace(', OPTIONS', ''));
    }
  }
  const answer = await http(`${gateway.adminUrl}/metrics`, { method: 'POST' });
  t.equal(answer.status, 405);
  t.equal(answer.headers.allow, 'GET, HEAD');
});

t.test('OPTIONS of our own paths needs no schema', async (t) => {
  const gateway = await openGateway({
    upstream: '127.0.0.1:1',
    listen: '127.0.0.1:0',
    adminListen: '127.0.0.1:0',
    log: pino({ level: 'silent' }),
  });
  closeInTeardown(t, gateway);
  t.equal((await http(`${gateway.url}/_sluice/services`, { method: 'OPTIONS' })).status, 204);
  t.equal((await http(`${gateway.url}/a.B/C`, { method: 'OPTIONS' })).status, 503, 'who knows');
});

t.test('health on the public port: asked for, GET and HEAD, 503 while draining', async (t) => {
  const closed = await openForeign(t, {});
  t.equal((await http(`${closed.url}/healthz`)).status, 404, 'only where it was asked for');
  const { url, gateway } = await openForeign(t, {}, { publicHealth: true });
  for (const verb of ['GET', 'HEAD']) {
    const { status, text, headers } = await http(`${url}/healthz`, { method: verb });
    t.equal(status, 200);
    t.equal(text, verb === 'GET' ? '{"status":"ok"}' : '');
    t.equal(headers['cache-control'], 'no-store');
    t.equal((await http(`${gateway.adminUrl}/healthz`, { method: verb })).status, 200);
  }
  const exchanges = new Exchanges();
  const app = Fastify();
  registerPublicHealth(app, exchanges);
  t.equal((await app.inject('/healthz')).statusCode, 200);
  await exchanges.drain();
  t.match(await app.inject('/healthz'), { statusCode: 503, body: '{"status":"draining"}' });
});
