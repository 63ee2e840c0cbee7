import { fileURLToPath } from 'node:url';
import t, { type Test } from 'tap';
import { type GatewayOptions, schemaFromProtoFiles } from '../../../gateway/index.js';
import { openForeign } from '../../support/foreign.js';
import { http } from '../../support/http.js';
import { connect } from '../../support/websocket.js';

const PROTO = `
syntax = "proto3";
package sites;
import "google/api/annotations.proto";
service Sites {
  rpc Change(Thing) returns (Thing);
  rpc ChangeAll(Thing) returns (stream Thing);
  rpc Collect(stream Thing) returns (Thing);
  rpc Talk(stream Thing) returns (stream Thing);
  rpc Look(Thing) returns (Thing) { option idempotency_level = NO_SIDE_EFFECTS; }
  rpc Watch(Thing) returns (stream Thing) { option idempotency_level = NO_SIDE_EFFECTS; }
  rpc Again(Thing) returns (Thing) { option idempotency_level = IDEMPOTENT; }
  rpc Count(stream Thing) returns (Thing) { option idempotency_level = NO_SIDE_EFFECTS; }
  rpc Named(Thing) returns (Thing) { option (google.api.http) = {get: "/named"}; }
  rpc Posted(Thing) returns (Thing) { option (google.api.http) = {post: "/posted" body: "*"}; }
  rpc Any(Thing) returns (Thing) { option (google.api.http) = {custom: {kind: "*" path: "/any"}}; }
}
message Thing { string text = 1; }
`;

async function open(t: Test, options: Partial<GatewayOptions> = {}) {
  const dir = t.testdir({ 'sites.proto': PROTO });
  const proto = fileURLToPath(new URL('../../../proto', import.meta.url));
  const schema = await schemaFromProtoFiles([`${dir}/sites.proto`], [dir, proto]);
  return await openForeign(t, {}, { schema, ...options });
}

const path = (name: string) => `/sites.Sites/${name}`;
// Nobody serves it: what is let in ends UNIMPLEMENTED, and by nothing that the gateway says itself.
const LET_IN = 501;

t.test('GET and HEAD at the gRPC path are for methods without side effects', async (t) => {
  const { url } = await open(t);
  const { services } = JSON.parse((await http(`${url}/_sluice/services`)).text) as {
    services: { methods: { name: string; safe: boolean }[] }[];
  };
  const unsafe = ['Change', 'ChangeAll', 'Collect', 'Talk', 'Again', 'Posted', 'Any'];
  for (const { name, safe } of services[0]?.methods ?? []) {
    t.equal(safe, !unsafe.includes(name), name);
    const readable = safe && name !== 'Count';
    const allow = (await http(url + path(name), { method: 'OPTIONS' })).headers.allow?.split(', ') ?? [];
    t.equal(allow.includes('GET'), readable, `${name}: ${allow}`);
    t.equal(allow.includes('HEAD'), readable, `${name}: ${allow}`);
    for (const method of ['GET', 'HEAD']) {
      for (const accept of ['*/*', 'text/event-stream', 'application/octet-stream']) {
        const answer = await http(url + path(name), { method, headers: { accept } });
        if (readable) t.notMatch([403, 405], [answer.status], `${method} ${name}`);
        else {
          t.equal(answer.status, 405, `${method} ${name} ${accept}`);
          t.match(answer.headers.allow, /POST/);
          t.notMatch(answer.headers.allow, /GET|HEAD/);
        }
      }
    }
  }
});

const BROWSER = 'Mozilla/5.0 (X11; Linux x86_64)';
const EVIL = 'http://evil.example';

/** What a request says of where it comes from, and whether that is a page of ours or no page at all. */
const COMES_FROM: readonly [headers: Record<string, string>, reading: boolean, writing: boolean][] = [
  [{}, true, true],
  [{ 'user-agent': 'curl/8' }, true, true],
  [{ 'user-agent': BROWSER }, false, true],
  [{ 'user-agent': BROWSER, 'sec-fetch-site': 'none' }, true, true],
  [{ 'user-agent': BROWSER, 'sec-fetch-site': 'same-origin' }, true, true],
  [{ 'user-agent': BROWSER, referer: 'OWN/page' }, true, true],
  [{ origin: 'OWN' }, true, true],
  [{ origin: 'https://friend.example' }, true, true],
  [{ referer: 'https://friend.example/x' }, true, true],
  [{ 'sec-fetch-site': 'cross-site' }, false, false],
  [{ 'sec-fetch-site': 'same-site' }, false, false],
  [{ 'sec-fetch-site': 'Same-Origin' }, false, false],
  [{ 'sec-fetch-site': 'same-origin, cross-site' }, false, false],
  [{ 'sec-fetch-site': 'new-word' }, false, false],
  [{ origin: EVIL }, false, false],
  [{ origin: EVIL, 'sec-fetch-site': 'same-origin' }, false, false],
  [{ origin: 'null' }, false, false],
  [{ origin: '' }, false, false],
  [{ origin: 'OTHERPORT' }, false, false],
  [{ origin: 'OTHERNAME' }, false, false],
  [{ referer: `${EVIL}/x` }, false, false],
  [{ referer: 'about:blank' }, false, false],
  [{ referer: 'OTHERPORT/x' }, false, false],
  [{ 'user-agent': BROWSER, referer: `${EVIL}/x` }, false, false],
];

t.test('what has side effects is not for pages of other origins, whatever they do not say', async (t) => {
  const { url } = await open(t, { allowOrigins: ['https://friend.example'] });
  const { port } = new URL(url);
  const fill = (text: string) =>
    text
      .replace('OWN', url)
      .replace('OTHERPORT', 'http://127.0.0.1:1')
      .replace('OTHERNAME', `http://localhost:${port}`);
  for (const [given, reading, writing] of COMES_FROM) {
    const headers = Object.fromEntries(Object.entries(given).map(([name, value]) => [name, fill(value)]));
    const what = JSON.stringify(given);
    for (const method of ['GET', 'HEAD']) {
      const { status } = await http(`${url}/any`, { method, headers });
      t.equal(status, reading ? LET_IN : 403, `${method} /any ${what}`);
    }
    for (const [target, method, type] of [
      ['/any', 'PUT', 'application/json'],
      ['/any', 'DELETE', 'application/json'],
      ['/posted', 'POST', 'application/json'],
      [path('Change'), 'POST', 'application/json'],
      [path('Change'), 'POST', ''],
    ] as const) {
      const options =
        type === ''
          ? { method, headers }
          : { method, headers: { ...headers, 'content-type': type, 'content-length': '2' } };
      const { status } = await http(url + target, { ...options, ...(type === '' ? {} : { body: '{}' }) });
      t.equal(status, writing ? LET_IN : 403, `${method} ${target} ${what}`);
    }
    t.equal((await http(url + path('Look'), { headers })).status, LET_IN, `free of side effects ${what}`);
    t.equal((await http(`${url}/named`, { headers })).status, LET_IN, `an HTTP rule says GET ${what}`);
    t.equal((await http(`${url}/_sluice/services`, { headers })).status, 200);
  }
});

t.test('sockets ask the same of a page, and a session says why it closes', async (t) => {
  const { url, wsUrl, lines } = await open(t, { allowOrigins: ['https://friend.example'] });
  const cases: [headers: Record<string, string>, allowed: boolean][] = [
    [{}, true],
    [{ 'user-agent': BROWSER }, true],
    [{ origin: url }, true],
    [{ origin: 'https://friend.example' }, true],
    [{ 'sec-fetch-site': 'same-origin' }, true],
    [{ origin: EVIL }, false],
    [{ origin: 'null' }, false],
    [{ origin: 'http://127.0.0.1:1' }, false],
    [{ 'sec-fetch-site': 'cross-site' }, false],
    [{ 'sec-fetch-site': 'same-site' }, false],
  ];
  let asked = 0;
  for (const [headers, allowed] of cases) {
    asked += 1;
    const what = JSON.stringify(headers);
    for (const protocol of ['sluice.v1.json', 'sluice.v1.proto']) {
      const own = { headers: { ...headers, 'x-request-id': `session-${asked}` } };
      const { socket, closed } = await connect(`${wsUrl}/_sluice/session`, own, [protocol]);
      if (allowed) socket.close(1000);
      const { code, reason } = await closed;
      t.equal(code, allowed ? 1000 : 4403, what);
      if (!allowed && headers.origin !== undefined) {
        t.equal(reason, `origin ${headers.origin} is not allowed: see --allow-origin`);
      }
      t.equal(
        lines.filter(({ closeCode, requestId }) => closeCode === 4403 && requestId === `session-${asked}`)
          .length > 0,
        !allowed,
      );
    }
    const plain = connect(`${wsUrl}${path('Look')}`, { headers });
    if (allowed) (await plain).socket.close();
    else await t.rejects(plain, { message: 'HTTP 403' }, what);
  }
  const long = await connect(
    `${wsUrl}/_sluice/session`,
    { headers: { origin: `https://${'x'.repeat(500)}.example` } },
    ['sluice.v1.json'],
  );
  t.match(await long.closed, { code: 4403, reason: /^origin https:\/\/x{50}/ });
});

t.test('our own host is what a trusted proxy says, and from nobody else', async (t) => {
  const headers = {
    origin: 'https://app.example.com',
    'x-forwarded-host': 'app.example.com',
    'x-forwarded-proto': 'https',
  };
  for (const [trustedProxies, allowed] of [
    [[], false],
    [['10.0.0.0/8'], false],
    [['127.0.0.1'], true],
  ] as const) {
    const { url, wsUrl } = await open(t, { trustedProxies });
    t.equal((await http(`${url}/posted`, { method: 'POST', headers })).status, allowed ? LET_IN : 403);
    const { socket, closed } = await connect(`${wsUrl}/_sluice/session`, { headers }, ['sluice.v1.json']);
    if (allowed) socket.close(1000);
    t.equal((await closed).code, allowed ? 1000 : 4403);
    const plain = connect(`${wsUrl}${path('Look')}`, { headers });
    if (allowed) (await plain).socket.close();
    else await t.rejects(plain);
  }
});

t.test('CORS follows the same patterns', async (t) => {
  const { url } = await open(t, { allowOrigins: ['https://*.example.com', 'capacitor://localhost', 'null'] });
  const cases: [origin: string, allowed: boolean][] = [
    ['https://a.example.com', true],
    ['https://example.com', false],
    ['https://evil-example.com', false],
    ['capacitor://localhost', true],
    ['null', true],
    ['https://evil.example', false],
  ];
  for (const [origin, allowed] of cases) {
    const preflight = { origin, 'access-control-request-method': 'POST' };
    const asked = await http(`${url}/posted`, { method: 'OPTIONS', headers: preflight });
    t.equal(asked.headers['access-control-allow-origin'], allowed ? origin : undefined, origin);
    const answer = await http(`${url}/posted`, { method: 'POST', headers: { origin } });
    t.equal(answer.headers['access-control-allow-origin'], allowed ? origin : undefined, origin);
    t.match(answer.headers.vary, /origin/i);
    t.equal(answer.status, allowed ? LET_IN : 403);
  }
});
