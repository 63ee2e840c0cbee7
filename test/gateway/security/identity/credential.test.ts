import { Socket } from 'node:net';
import t from 'tap';
import {
  AllowedOrigins,
  credentialOf,
  Identity,
  type ShowingRequest,
  TrustedProxies,
} from '../../../../gateway/security/index.js';
import { REASONS, RpcError } from '../../../../gateway/status/index.js';

const REFUSED = { reason: 'CREDENTIAL_INVALID' } as unknown as RpcError;

const pages = {
  allowOrigins: new AllowedOrigins(['https://app.example.com', '*', 'null']),
  trustedProxies: new TrustedProxies([]),
};

/** A request with these headers, each written once. */
function asking(
  headers: Record<string, string>,
  url = '/',
  method = 'GET',
  rawHeaders = Object.entries(headers).flat(),
): ShowingRequest {
  return { rawHeaders, headers: { host: 'gw.example.com', ...headers }, url, method, socket: new Socket() };
}

const find = (request: ShowingRequest) => credentialOf(request, { cookie: 'token', pages });
const of = (...values: string[]) =>
  find(
    asking(
      {},
      '/',
      'GET',
      values.flatMap((value) => ['Authorization', value]),
    ),
  );

t.test('a bearer token is the credential of a request', async (t) => {
  t.equal(of(), undefined);
  t.same(of('Bearer abc.def.ghi'), { kind: 'token', token: 'abc.def.ghi' });
  t.match(of('bEARER   abc '), { token: 'abc' });
  t.match(find(asking({ host: 'a', authorization: 'Bearer x' })), { token: 'x' });
});

t.test('what cannot be one is refused in the same words', async (t) => {
  const bad = [
    [''],
    ['Bearer'],
    ['Bearer '],
    ['Basic YTpi'],
    ['abc'],
    ['Bearer a b'],
    ['Bearer a', 'Bearer a'],
    ['Bearer\ta'],
  ];
  const texts = new Set<string>();
  for (const values of bad) {
    t.throws(() => of(...values), RpcError, JSON.stringify(values));
    try {
      of(...values);
    } catch (reason) {
      const { message, headers, code } = reason as RpcError;
      t.equal(code, REASONS.CREDENTIAL_INVALID.code);
      texts.add(JSON.stringify([message, headers]));
    }
  }
  t.equal(texts.size, 1);
});

t.test('without rules nobody is asked, and everything travels', async (t) => {
  const identity = new Identity();
  const request = asking({}, '/?ticket=1', 'GET', ['authorization', 'Basic x', 'authorization', 'y']);
  t.equal(identity.credentialOf(request), undefined);
  t.equal(request.url, '/?ticket=1', 'a field like any other');
  const principal = identity.identify(undefined);
  t.match(principal, { isAnonymous: true, key: '' });
  const metadata = [['authorization', 'Basic x']] as const;
  t.equal(identity.metadata(metadata, await principal, undefined), metadata);
  t.equal(identity.refusalOfAccess(await principal, { public: false, scopes: ['a'], roles: [] }), undefined);
});

t.test('a ticket is taken out of the address, wherever it is and however it is written', async (t) => {
  const cases: [string, string | undefined, string][] = [
    ['/a', undefined, '/a'],
    ['/a?', undefined, '/a?'],
    ['/a?x=1', undefined, '/a?x=1'],
    ['/a?ticket=abc', 'abc', '/a'],
    ['/a?x=1&ticket=abc&y=%20', 'abc', '/a?x=1&y=%20'],
    ['/a?%74icket=abc', 'abc', '/a'],
    ['/a?ticket=a%62c', 'abc', '/a'],
    ['/a?ticket', '', '/a'],
    ['http://h/a?ticket=abc&z', 'abc', 'http://h/a?z'],
    ['/a?tickets=1&Ticket=2&my.ticket=3', undefined, '/a?tickets=1&Ticket=2&my.ticket=3'],
    ['/a?%zz=1', undefined, '/a?%zz=1'],
  ];
  for (const [url, ticket, rest] of cases) {
    const request = asking({}, url);
    const found = find(request);
    t.equal(found?.kind === 'ticket' ? found.ticket : undefined, ticket, url);
    t.equal(request.url, rest, url);
  }
  const bad = [
    asking({}, '/?ticket=a&ticket=b'),
    asking({ authorization: 'Bearer a' }, '/?ticket=a'),
    ...['POST', 'HEAD', 'PUT', 'PATCH', 'DELETE', 'QUERY'].map((verb) => asking({}, '/?ticket=a', verb)),
  ];
  for (const request of bad) {
    t.throws(() => find(request), REFUSED);
    t.equal(request.url, '/', 'also when it is refused');
  }
});

const offering = (protocols: string, more: Record<string, string> = {}) =>
  asking({ upgrade: 'WebSocket', 'sec-websocket-protocol': protocols, ...more });
const entry = (text: string) => `bearer.${Buffer.from(text).toString('base64url')}`;

t.test('a sub-protocol of a WebSocket may be a token', async (t) => {
  t.same(find(offering(`sluice.plain,${entry('a.b.c')}`)), { kind: 'token', token: 'a.b.c' });
  t.match(find(offering(`  ${entry('a.b.cd')} , sluice.v1.json`)), { token: 'a.b.cd' });
  t.equal(find(offering('sluice.v1.json, xbearer.YQ')), undefined);
  t.equal(find(asking({ 'sec-websocket-protocol': entry('a') })), undefined, 'only of a WebSocket');
  const bad = [
    'bearer.',
    'bearer.a',
    'bearer.YQ==',
    'bearer.YR',
    'bearer.Y+Q',
    'bearer.a b',
    `bearer.${Buffer.from('a b').toString('base64url')}`,
    `bearer.${Buffer.from([0xff, 0xfe]).toString('base64url')}`,
    `${entry('a')}, ${entry('a')}`,
    `${entry('a')}, ${entry('b')}`,
    `${entry('a')}, bearer.`,
  ];
  for (const protocols of bad) t.throws(() => find(offering(protocols)), REFUSED, protocols);
  t.throws(() => find(offering(entry('a'), { authorization: 'Bearer a' })), REFUSED);
  const both = offering(entry('a'));
  both.url = '/?ticket=a';
  t.throws(() => find(both), REFUSED);
});

t.test('a cookie counts for pages of our own and of origins that are allowed by name', async (t) => {
  const kind = (headers: Record<string, string>, method = 'GET', cookie = 'a=1; token=x.y.z; b=2') => {
    const found = find(asking({ cookie, ...headers }, '/', method));
    return found?.kind === 'cookie' ? (found.isSafeOnly ? 'safe' : 'all') : found?.kind;
  };
  const own = 'https://gw.example.com';
  const app = 'https://app.example.com';
  const cases: [Record<string, string>, 'all' | 'safe' | undefined][] = [
    [{}, undefined],
    [{ origin: own }, 'all'],
    [{ origin: app }, 'all'],
    [{ origin: app, 'sec-fetch-site': 'same-site' }, 'all'],
    [{ origin: app, 'sec-fetch-site': 'cross-site' }, undefined],
    [{ origin: own, 'sec-fetch-site': 'cross-site' }, undefined],
    [{ origin: 'https://evil.example' }, undefined],
    [{ origin: 'https://app.example.com.evil.example' }, undefined],
    [{ origin: `${app}:8443` }, undefined],
    [{ origin: 'null' }, undefined],
    [{ origin: `${app}, ${app}` }, undefined],
    [{ 'sec-fetch-site': 'same-origin' }, 'all'],
    [{ 'sec-fetch-site': 'same-site' }, undefined],
    [{ 'sec-fetch-site': 'cross-site' }, undefined],
    [{ 'sec-fetch-site': 'none' }, 'safe'],
    [{ 'sec-fetch-site': 'none', upgrade: 'websocket' }, undefined],
    [{ referer: `${own}/a` }, undefined],
  ];
  for (const [headers, expected] of cases) t.equal(kind(headers), expected, JSON.stringify(headers));
  for (const verb of ['POST', 'HEAD', 'PUT', 'PATCH', 'DELETE'])
    t.equal(kind({ 'sec-fetch-site': 'none' }, verb), undefined, verb);
  t.equal(kind({ origin: own }, 'POST'), 'all');
  t.equal(kind({ origin: own, authorization: 'Bearer a' }), 'token', 'what a client chose counts');
  t.equal(kind({ origin: own }, 'GET', 'token='), undefined, 'an empty one is none');
  t.equal(kind({ origin: own }, 'GET', 'xtoken=a; Token=b'), undefined);
  t.match(find(asking({ origin: own, cookie: 'token="q.r.s"' })), { token: 'q.r.s' });
  for (const cookie of ['token=a; token=b', 'token=a; token=a', 'token=a b', 'token=\u00e4'])
    t.throws(() => kind({ origin: own }, 'GET', cookie), REFUSED, cookie);
  t.equal(kind({ origin: 'https://evil.example' }, 'GET', 'token=a; token=b'), undefined, 'nobody sent them');
});
