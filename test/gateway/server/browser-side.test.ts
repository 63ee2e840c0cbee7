import { once } from 'node:events';
import { request } from 'node:https';
import t from 'tap';
import { createCertificate } from '../../support/certificate.js';
import { bytes, method, openForeign } from '../../support/foreign.js';
import { type HttpAnswer, http, read } from '../../support/http.js';

const JSON_TYPE = { 'content-type': 'application/json' };
const CA = createCertificate('ca');
const HALF_A_YEAR = 'max-age=15552000';

/** Host, and whether browsers are told to ask it by TLS alone. */
const HOSTS: readonly (readonly [string, string | undefined])[] = [
  ['api.example.com', HALF_A_YEAR],
  ['api.example.com:8443', HALF_A_YEAR],
  ['localhost.example.com', HALF_A_YEAR],
  ['notlocalhost', HALF_A_YEAR],
  ['localhost', undefined],
  ['localhost:8443', undefined],
  ['LOCALHOST.:8443', undefined],
  ['app.localhost', undefined],
  ['127.0.0.1:8443', undefined],
  ['[::1]:8443', undefined],
];

t.test('answers over TLS say that the host is for TLS alone, and never without', async (t) => {
  const ask = [{ in: 'end' }, { out: await bytes({ number: 1 }) }] as const;
  const tls = createCertificate('localhost', { certificate: CA, name: 'ca' });
  const { url } = await openForeign(t, { Ask: ask }, { tls, allowHosts: ['*'] });
  for (const [host, said] of HOSTS) {
    for (const [path, options] of [
      [method('Ask'), { method: 'POST', headers: { ...JSON_TYPE, host } }],
      ['/none', { method: 'GET', headers: { host } }],
      ['/_sluice/services', { method: 'GET', headers: { host } }],
    ] as const) {
      const sent = request(url + path, { ...options, ca: CA.cert, servername: 'localhost', agent: false });
      sent.end(options.method === 'POST' ? '{}' : undefined);
      const answer: HttpAnswer = await read((await once(sent, 'response'))[0]);
      t.equal(answer.headers['strict-transport-security'], said, `${host} ${path}`);
    }
  }
  const plain = await openForeign(t, { Ask: ask }, { allowHosts: ['*'] });
  const { headers } = await http(`${plain.url}/_sluice/services`, { headers: { host: 'api.example.com' } });
  t.equal(headers['strict-transport-security'], undefined);
});

t.test(
  'the page cannot be framed, runs no code but its own, and serves nothing but what it needs',
  async (t) => {
    const pageDir = t.testdir({
      playground: { 'index.html': '<p>', 'page.js': '1', 'page.d.ts': '1', 'notes.txt': '1' },
      browser: { 'index.js': '1', 'index.js.map': '{}' },
      node: { 'index.js': '1' },
      'stray.js': '1',
    });
    const { url } = await openForeign(t, {}, { pageDir });
    for (const [path, status] of [
      ['/', 200],
      ['/_sluice/page/playground/page.js', 200],
      ['/_sluice/page/browser/index.js', 200],
      ['/_sluice/page/browser/index.js.map', 200],
      ['/_sluice/page/node/index.js', 404],
      ['/_sluice/page/stray.js', 404],
      ['/_sluice/page/playground/page.d.ts', 404],
      ['/_sluice/page/playground/notes.txt', 404],
      ['/_sluice/page/browser/../node/index.js', 404],
      ['/_sluice/page/browser/%2e%2e/node/index.js', 404],
    ] as const) {
      const { status: got, headers } = await http(url + path);
      t.equal(got, status, path);
      if (status !== 200) continue;
      const policy = String(headers['content-security-policy']);
      for (const rule of [
        "default-src 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
        "form-action 'none'",
      ]) {
        t.ok(policy.split('; ').includes(rule), `${path}: ${rule}`);
      }
      t.notMatch(policy, /unsafe/);
      t.match(headers, { 'x-content-type-options': 'nosniff', 'referrer-policy': 'no-referrer' });
    }
  },
);

/** What `--allow-origin` says, the `Origin` of a request, and what is allowed then. */
const ORIGINS: readonly (readonly [string[], string | undefined, string | undefined])[] = [
  [[], 'https://app.example', undefined],
  [['*'], 'https://app.example', '*'],
  [['*'], undefined, '*'],
  [['https://app.example'], 'https://app.example', 'https://app.example'],
  [['https://app.example'], 'https://app.example.evil', undefined],
  [['https://app.example'], 'null', undefined],
  [['https://*.example'], 'https://a.example', 'https://a.example'],
];

t.test('no answer lets a page of another origin send what its browser keeps for us', async (t) => {
  for (const [allowOrigins, origin, allowed] of ORIGINS) {
    const ask = [{ in: 'end' }, { out: await bytes({ number: 1 }) }] as const;
    const { url } = await openForeign(t, { Ask: ask, Numbered: ask }, { allowOrigins });
    const from = origin === undefined ? {} : { origin };
    const preflight = {
      'access-control-request-method': 'POST',
      'access-control-request-headers': 'authorization',
    };
    const answers = [
      await http(url + method('Numbered'), { headers: from }),
      await http(url + method('Ask'), { headers: { ...JSON_TYPE, ...from }, body: '{}' }),
      await http(`${url}/none`, { headers: from }),
      await http(url + method('Ask'), { method: 'OPTIONS', headers: { ...from, ...preflight } }),
    ];
    for (const { headers } of answers) {
      t.equal(headers['access-control-allow-origin'], allowed, `${allowOrigins} for ${origin}`);
      t.equal(headers['access-control-allow-credentials'], undefined);
    }
  }
});
