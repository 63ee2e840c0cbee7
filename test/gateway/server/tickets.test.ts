import type { ClientHttp2Session } from 'node:http2';
import t, { type Test } from 'tap';
import { WebSocket } from 'ws';
import { parseConfig } from '../../../gateway/server/config/index.js';
import type { Metadata } from '../../../gateway/status/index.js';
import { bytes, method, openForeign } from '../../support/foreign.js';
import { type HttpOptions, http, httpJson } from '../../support/http.js';
import { ask, connectHttp2 } from '../../support/http2-client.js';
import { issuerKey, openIssuer } from '../../support/issuer.js';

const APP = 'https://app.example.com';
const OTHER = 'https://other.example.com';

interface Shown {
  /** Added to the query. */
  readonly query?: string;
  readonly headers?: Record<string, string>;
  readonly protocols?: readonly string[];
}

interface Outcome {
  readonly status: number;
  readonly text: string;
  readonly protocol?: string;
}

type Way = (shown: Shown) => Promise<Outcome>;

/** Every way in which a browser asks without a header of its own choice. */
function waysOf(url: string, http2: ClientHttp2Session): Record<string, Way> {
  const get =
    (path: string, more: Record<string, string> = {}): Way =>
    async ({ query = '', headers = {} }) => {
      const answer = await http(`${url}${path}?${query}`, { headers: { ...more, ...headers } });
      return { status: answer.status, text: stableText(answer.status, answer.headers, answer.text) };
    };
  return {
    json: get('/foreign/items/1'),
    'json, Fastify': get('/foreign/items/1', { expect: '100-continue' }),
    sse: get('/foreign/down', { accept: 'text/event-stream' }),
    ndjson: get('/foreign/down', { accept: 'application/x-ndjson' }),
    array: get('/foreign/down'),
    file: get('/foreign/files/a.txt'),
    document: get('/_sluice/openapi.json'),
    services: get('/_sluice/services'),
    'HTTP/2': async ({ query = '', headers = {} }) => {
      const answer = await ask(http2, `/foreign/items/1?${query}`, { ':method': 'GET', ...headers });
      return { status: answer.status, text: stableText(answer.status, answer.headers, answer.text) };
    },
    websocket: (shown) => upgrade(url, '/foreign/items/1', shown),
    session: ({ protocols = [], ...shown }) =>
      upgrade(url, '/_sluice/session', { ...shown, protocols: [...protocols, 'sluice.v1.json'] }),
  };
}

function stableText(status: number, headers: object, text: string): string {
  const kept = Object.entries(headers).filter(([name]) => /^(www-authenticate|sluice-reason)$/.test(name));
  return status < 300 ? '' : JSON.stringify([status, kept, text]);
}

function upgrade(
  url: string,
  path: string,
  { query = '', headers = {}, protocols = [] }: Shown,
): Promise<Outcome> {
  const socket = new WebSocket(`${url.replace('http', 'ws')}${path}?${query}`, [...protocols], { headers });
  return new Promise((resolve) => {
    socket.on('error', () => {});
    socket.on('open', () => {
      const { protocol } = socket;
      socket.terminate();
      resolve({ status: 101, text: '', protocol });
    });
    socket.on('unexpected-response', (_request, response) => {
      let text = '';
      response.on('data', (chunk: Buffer) => {
        text += chunk;
      });
      const status = response.statusCode ?? 0;
      response.on('end', () => resolve({ status, text: stableText(status, response.headers, text) }));
    });
  });
}

async function setUp(t: Test, auth = '', forward: readonly string[] = []) {
  const key = await issuerKey('es');
  const issuer = await openIssuer(t, [key]);
  const config = await parseConfig(
    `auth:\n  issuers: [{ issuer: "${issuer.issuer}", audience: [sluice], keys: { jwksUrl: "${issuer.jwksUrl}" } }]\n  forward: { sub: x-user-id }\n${auth}`,
    'test.yaml',
  );
  const out = [{ out: await bytes({ text: 'a' }) }] as const;
  const foreign = await openForeign(
    t,
    { Ask: out, Down: out, Fetch: [{ out: await bytes({ content: 'YQ==' }, 'Piece') }] },
    { config, allowOrigins: [APP, OTHER], ...(forward.length > 0 && { forwardHeaders: [...forward] }) },
  );
  const { url } = foreign;
  const token = (claims: object = {}) => issuer.sign(key, claims as never);
  const post = (options: HttpOptions) => http(`${url}/_sluice/ticket`, { method: 'POST', ...options });
  const ticketFor = async (bearer: string, headers: Record<string, string> = {}) => {
    const answer = await post({ headers: { authorization: `Bearer ${bearer}`, ...headers } });
    if (answer.status !== 200) throw new Error(answer.text);
    return JSON.parse(answer.text) as { ticket: string; expiresInMs: number };
  };
  const ways = waysOf(url, connectHttp2(t, url));
  return { foreign, url, token, post, ticketFor, ways };
}

/** What a service was told under a name. */
function toldOf({ metadata }: { readonly metadata: Metadata }, name: string): string | undefined {
  return metadata.find(([given]) => given === name)?.[1];
}

const isIn = (status: number) => status === 101 || status < 300;

t.test('a ticket is good once, for one origin, on every surface, and goes nowhere', async (t) => {
  const { foreign, token, ticketFor, ways } = await setUp(t);
  const alice = await token();
  const tickets: string[] = [];
  const fetched = async (headers: Record<string, string> = {}) => {
    const { ticket, expiresInMs } = await ticketFor(alice, headers);
    t.match(ticket, /^[\w-]{43}$/);
    t.equal(expiresInMs, 30_000);
    tickets.push(ticket);
    return ticket;
  };
  for (const [name, way] of Object.entries(ways)) {
    const plain = await fetched();
    t.ok(isIn((await way({ query: `&ticket=${plain}` })).status), `${name}: in`);
    const refusals: Record<string, Shown> = {
      again: { query: `ticket=${plain}` },
      'with an Origin, fetched without': { query: `ticket=${await fetched()}`, headers: { origin: APP } },
      'of another origin': { query: `ticket=${await fetched({ origin: APP })}`, headers: { origin: OTHER } },
      'without an Origin, fetched with one': { query: `ticket=${await fetched({ origin: APP })}` },
      'not of our own origin': {
        query: `ticket=${await fetched({ origin: APP })}`,
        headers: { 'sec-fetch-site': 'same-origin' },
      },
      garbage: { query: 'ticket=hello' },
      'of the right form': { query: `ticket=${'A'.repeat(43)}` },
      empty: { query: 'ticket=' },
      'no value': { query: 'ticket' },
      overlong: { query: `ticket=${'a'.repeat(8_000)}` },
      encoded: { query: 'ticket=%00%ff' },
      two: { query: `ticket=${await fetched()}&ticket=${await fetched()}` },
      'the token itself': { query: `ticket=${alice}` },
      'and a token': { query: `ticket=${await fetched()}`, headers: { authorization: `Bearer ${alice}` } },
    };
    const told = new Set<string>();
    for (const [what, shown] of Object.entries(refusals)) {
      const { status, text } = await way(shown);
      if (status !== 401) t.fail(`${name}: ${what}: ${status}`);
      told.add(text);
    }
    t.equal(told.size, 1, `${name}: the same for all: ${[...told].slice(0, 2)}`);
    const own = { origin: APP };
    t.ok(
      isIn((await way({ query: `ticket=${await fetched(own)}`, headers: own })).status),
      `${name}: its origin`,
    );
  }
  const text = JSON.stringify(foreign.lines);
  for (const ticket of tickets) t.notOk(text.includes(ticket), 'none is in the log');
  t.notOk(text.includes(alice.slice(-40)));
  const problems = new Set(foreign.lines.map(({ problem }) => problem).filter(Boolean));
  t.ok(problems.size >= 4, 'the log says what was wrong');
  const calls = foreign.lines.filter(({ msg }) => msg === 'call');
  t.ok(calls.length > 0 && calls.every(({ principal }) => principal === 'alice'), 'whose it was is known');
  for (const call of foreign.upstream.calls(method('Ask'))) {
    t.notOk(JSON.stringify(call.metadata).includes('ticket'));
    t.equal(toldOf(call, 'x-user-id'), 'alice');
  }
});

t.test('one ticket shown by many at once lets one of them in', async (t) => {
  const { ways, ticketFor, token } = await setUp(t);
  const { ticket } = await ticketFor(await token());
  const outcomes = await Promise.all(
    Array.from({ length: 20 }, (_, at) => {
      const way = at % 2 === 0 ? ways.json : ways.websocket;
      return way?.({ query: `ticket=${ticket}` });
    }),
  );
  t.equal(outcomes.filter((outcome) => isIn(outcome?.status ?? 500)).length, 1);
});

t.test('a page of our own origin uses its ticket although a browser sends no Origin there', async (t) => {
  const { ways, ticketFor, token, url } = await setUp(t);
  const { ticket } = await ticketFor(await token(), { origin: url });
  const shown = { query: `ticket=${ticket}`, headers: { 'sec-fetch-site': 'same-origin' } };
  t.equal((await ways.sse?.(shown))?.status, 200);
});

t.test('who gets a ticket', async (t) => {
  const { post, token, ticketFor, url, foreign } = await setUp(t);
  const bearer = { authorization: `Bearer ${await token()}` };
  const good = await post({ headers: { ...bearer, origin: APP }, body: 'whatever' });
  t.equal(good.status, 200);
  t.equal(good.headers['cache-control'], 'no-store');
  t.equal(good.headers['access-control-allow-origin'], APP);
  t.match(good.headers['content-type'], /^application\/json/);
  const { ticket } = await ticketFor(await token());
  const refused: [string, HttpOptions, string][] = [
    ['nobody', {}, 'CREDENTIAL_NEEDED'],
    ['a bad token', { headers: { authorization: 'Bearer a.b.c' } }, 'CREDENTIAL_INVALID'],
    ['another scheme', { headers: { authorization: 'Basic YTpi' } }, 'CREDENTIAL_INVALID'],
    [
      'an expired one',
      { headers: { authorization: `Bearer ${await token({ exp: 1 })}` } },
      'CREDENTIAL_INVALID',
    ],
  ];
  for (const [what, options, reason] of refused) {
    const answer = await post(options);
    t.match(answer, { status: 401, headers: { 'sluice-reason': reason, 'cache-control': 'no-store' } }, what);
  }
  const bought = await http(`${url}/_sluice/ticket?ticket=${ticket}`, { method: 'POST' });
  t.match(bought, { status: 401, headers: { 'sluice-reason': 'CREDENTIAL_INVALID' } }, 'a ticket buys none');
  for (const verb of ['GET', 'HEAD', 'PUT', 'PATCH', 'DELETE']) {
    const answer = await http(`${url}/_sluice/ticket`, { method: verb, headers: bearer });
    t.match(answer, { status: 405, headers: { allow: 'POST' } }, verb);
  }
  const socket = await upgrade(url, '/_sluice/ticket', { headers: bearer });
  t.not(socket.status, 101);
  const preflight = await http(`${url}/_sluice/ticket`, {
    method: 'OPTIONS',
    headers: {
      origin: APP,
      'access-control-request-method': 'POST',
      'access-control-request-headers': 'authorization',
    },
  });
  t.match(preflight, { status: 204, headers: { 'access-control-allow-origin': APP } });
  t.notOk(
    (await post({ headers: { ...bearer, origin: 'https://evil.example' } })).headers[
      'access-control-allow-origin'
    ],
  );
  const short = await ticketFor(await token({ exp: Math.floor(Date.now() / 1_000) + 10 }));
  t.ok(short.expiresInMs > 0 && short.expiresInMs <= 10_000, 'never good for longer than its token');
  const big = 'a'.repeat(1_000_000);
  t.equal((await post({ headers: bearer, body: big })).status, 200, 'a body is passed over');
  t.notOk(JSON.stringify(foreign.lines).includes(ticket));
});

t.test('other verbs take no ticket, and it is no field there', async (t) => {
  const { ticketFor, token, url, foreign } = await setUp(t, '  default: public\n');
  for (const verb of ['POST', 'HEAD']) {
    const { ticket } = await ticketFor(await token());
    const path = verb === 'POST' ? '/foreign/items' : '/foreign/items/1';
    const answer = await http(`${url}${path}?ticket=${ticket}`, {
      method: verb,
      headers: { 'content-type': 'application/json' },
      ...(verb === 'POST' && { body: '{}' }),
    });
    t.equal(answer.status, 401, verb);
  }
  t.equal(foreign.upstream.calls(method('Ask')).length, 0);
});

t.test('a holder is who the token names now', async (t) => {
  const { ticketFor, token, ways, foreign } = await setUp(
    t,
    'methods: { foreign.v1.Foreign/*: { access: { scopes: [read] } } }\n',
  );
  const reader = await ticketFor(await token({ sub: 'bob', scope: 'read' }));
  const other = await ticketFor(await token({ sub: 'eve', scope: 'write' }));
  t.equal((await ways.websocket?.({ query: `ticket=${reader.ticket}` }))?.status, 101);
  t.equal((await ways.json?.({ query: `ticket=${other.ticket}` }))?.status, 403);
  const soon = Math.floor(Date.now() / 1_000) - 4;
  const old = await ticketFor(await token({ exp: soon, scope: 'read' }));
  t.ok(old.expiresInMs === 0, `within the tolerance of its token: ${old.expiresInMs}`);
  t.ok(foreign.lines.some(({ principal }) => principal === 'bob'));
});

t.test('without issuers there are no tickets, and the parameter is a field', async (t) => {
  const foreign = await openForeign(t, { Ask: [{ out: await bytes({}) }] });
  const answer = await httpJson(`${foreign.url}/_sluice/ticket`, { method: 'POST' });
  t.match(answer, { status: 404 });
  const field = await http(`${foreign.url}/foreign/items/1?ticket=a`);
  t.equal(field.status, 400);
  t.match(field.text, /ticket/);
});

t.test('a token in a sub-protocol lets in, and is never echoed', async (t) => {
  const { token, ways, foreign } = await setUp(t);
  const alice = await token();
  const entry = `bearer.${Buffer.from(alice).toString('base64url')}`;
  t.match(await ways.websocket?.({ protocols: ['sluice.plain', entry] }), {
    status: 101,
    protocol: 'sluice.plain',
  });
  t.match(await ways.websocket?.({ protocols: [entry, 'sluice.plain'] }), {
    status: 101,
    protocol: 'sluice.plain',
  });
  t.match(await ways.session?.({ protocols: [entry] }), { status: 101, protocol: 'sluice.v1.json' });
  const bad: Record<string, Shown> = {
    'bad base64': { protocols: ['sluice.plain', 'bearer.a'] },
    empty: { protocols: ['sluice.plain', 'bearer.'] },
    'no token': { protocols: ['sluice.plain', 'bearer.YWJj'] },
    two: { protocols: ['sluice.plain', entry, `bearer.${Buffer.from('a.b.c').toString('base64url')}`] },
    'and a header': { protocols: ['sluice.plain', entry], headers: { authorization: `Bearer ${alice}` } },
    'and a ticket': { protocols: ['sluice.plain', entry], query: 'ticket=a' },
  };
  for (const name of ['websocket', 'session'])
    for (const [what, shown] of Object.entries(bad))
      t.equal((await ways[name]?.(shown))?.status, 401, `${name}: ${what}`);
  t.notOk(JSON.stringify(foreign.lines).includes(entry.slice(-40)));
  t.equal((await ways.websocket?.({ protocols: ['sluice.plain'] }))?.status, 401, 'nothing is shown');
});

t.test('a cookie lets in the pages that may use it, and does not travel', async (t) => {
  const { token, ways, url, foreign } = await setUp(t, '  cookie: { name: token }\n', ['cookie']);
  const alice = await token();
  const cookie = `theme=dark; token=${alice}; a=b`;
  const own = new URL(url).origin;
  for (const [name, way] of Object.entries(ways)) {
    const status = async (headers: Record<string, string>) =>
      (await way({ headers: { cookie, ...headers } })).status;
    t.ok(isIn(await status({ origin: APP })), `${name}: allowed`);
    t.ok(isIn(await status({ origin: own })), `${name}: our own`);
    t.ok(isIn(await status({ 'sec-fetch-site': 'same-origin' })), name);
    if (name !== 'session') {
      t.equal(await status({}), 401, `${name}: nobody says whose page it is`);
      t.equal(await status({ origin: APP, cookie: `${cookie}; token=${alice}` }), 401, `${name}: two`);
      t.ok([401, 403].includes(await status({ 'sec-fetch-site': 'cross-site' })), name);
      t.ok([401, 403].includes(await status({ origin: 'https://evil.example' })), name);
      t.ok([401, 403].includes(await status({ origin: 'null' })), name);
    }
    t.equal(await status({ origin: APP, authorization: 'Bearer a.b.c' }), 401, `${name}: the header counts`);
  }
  t.equal(
    (await ways.document?.({ headers: { cookie, 'sec-fetch-site': 'none' } }))?.status,
    200,
    'typed in',
  );
  for (const site of [{ origin: APP }, { 'sec-fetch-site': 'same-origin' }] as Record<string, string>[]) {
    const answer = await http(url + method('Ask'), {
      headers: { 'content-type': 'application/json', cookie, ...site },
      body: '{}',
    });
    t.equal(answer.status, 200);
  }
  const bought = await http(`${url}/_sluice/ticket`, { method: 'POST', headers: { cookie, origin: APP } });
  t.equal(bought.status, 200);
  const foreignSite = { cookie, origin: 'https://evil.example' };
  t.equal((await http(`${url}/_sluice/ticket`, { method: 'POST', headers: foreignSite })).status, 401);
  for (const call of foreign.upstream.calls(method('Ask'))) {
    t.equal(toldOf(call, 'cookie'), 'theme=dark; a=b');
    t.equal(toldOf(call, 'x-user-id'), 'alice');
  }
});
