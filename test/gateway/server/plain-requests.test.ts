import Fastify from 'fastify';
import { pino } from 'pino';
import t, { type Test } from 'tap';
import type { GatewayOptions } from '../../../gateway/index.js';
import { resolveGatewayOptions } from '../../../gateway/server/gateway-settings.js';
import { servePlainRequests } from '../../../gateway/server/plain-requests.js';
import { bytes, type Foreign, method, openForeign } from '../../support/foreign.js';
import { http } from '../../support/http.js';
import { raw } from '../../support/raw-client.js';

const ORIGIN = 'https://app.example.com';

/** Requests to upgrade to nothing are answered as others are, but go through Fastify. */
const THROUGH_FASTIFY = 'upgrade: none';

const ASK = method('Ask');

/** Verb and target; ` 1.0` behind it for the older protocol. */
const STARTS = [
  `POST ${ASK}`,
  `GET ${ASK}`,
  `PUT ${ASK}`,
  `GET ${ASK}?number=7`,
  'GET /foreign/items/7',
  'GET /foreign/items/7 1.0',
  'HEAD /foreign/items/7',
  'DELETE /foreign/items/7',
  'PROPFIND /foreign/items/7',
  'GET /foreign/items/seven',
  'GET /foreign/items/7?number=8',
  'GET /foreign/items/7?tags=a&tags=b&child.text=c',
  'GET /foreign/items/7?tags=%zz',
  'GET /foreign/items/%37',
  'GET /foreign/items/%zz',
  'GET /foreign/items/7:verb',
  'GET /foreign/items//7',
  'GET /foreign/items/7#part',
  'GET http://localhost/foreign/items/7',
  'POST /foreign/items',
  'PATCH /foreign/items/7',
  'GET /foreign/body',
  'GET /foreign/down',
  'HEAD /foreign/down',
  `POST ${method('Up')}`,
  `GET ${method('Numbered')}`,
  `POST ${method('None')}`,
  'GET /foreign/files/a/b.txt',
  'PUT /foreign/files/a/b.txt',
  'GET /',
  'POST /',
  'GET /none',
  'GET /*',
  'GET /:path',
  'GET //',
  'GET /healthz',
  'POST /healthz',
  'GET /_sluice/none',
  'DELETE /_sluice/services',
];

const JSON_BODY = [
  'content-type: application/json',
  'content-length: 15',
  '',
  '{"text": "here"}'.slice(0, 15),
];

/** Fields, and perhaps an empty line and a body, of a request to each of `STARTS`. */
const RESTS: readonly (readonly string[])[] = [
  [],
  ['accept: text/event-stream'],
  ['accept: image/png'],
  ['content-type: application/json', 'content-length: 13', '', '{"number": 5}'],
  JSON_BODY,
  ['content-type: text/plain', 'content-length: 2', '', '{}'],
  ['content-type: application/json', 'transfer-encoding: chunked', '', '2', '{}', '0', '', ''],
];

/** The same, to a method that answers. */
const FIELDS: readonly (readonly string[])[] = [
  ['x-request-id: has spaces in it'],
  ['grpc-timeout: 1x'],
  ['grpc-timeout: 5S', 'authorization: Bearer x', 'x-own: 1', 'user-agent: test'],
  ['content-encoding: gzip'],
  ['host: localhost'],
  ['host: evil.example'],
  ['origin: https://evil.example'],
  [`origin: ${ORIGIN}`],
  ['origin: null', 'sec-fetch-site: cross-site'],
  ['last-event-id: 3', 'accept: text/event-stream'],
  ['forwarded: for=10.0.0.1;host=other.example', 'x-forwarded-for: 10.0.0.2'],
  ['accept: text/event-stream', `origin: ${ORIGIN}`, 'grpc-timeout: 0n'],
];

const ANSWERED = ['GET /foreign/items/7', 'POST /foreign/items'];

const AS_IT_COMES: Partial<GatewayOptions> = {};

const OPTIONS: readonly [name: string, options: Partial<GatewayOptions>, base: string][] = [
  ['as it comes', AS_IT_COMES, ''],
  ['with an origin', { allowOrigins: [ORIGIN] }, ''],
  ['with every origin', { allowOrigins: ['*'] }, ''],
  ['below a path', { basePath: '/api', publicHealth: true, trustedProxies: ['127.0.0.1'] }, '/api'],
];

/** Sends a request and gives what came back, and what was logged of it, without what differs from time to time. */
async function ask(
  t: Test,
  { url, lines }: Foreign,
  start: string,
  rest: readonly string[],
): Promise<object> {
  const [verb = '', target = '', version = '1.1'] = start.split(' ');
  const known = rest.some((field) => field.startsWith('x-request-id')) ? [] : ['x-request-id: the-id'];
  const host = rest.includes('host: evil.example') ? [] : ['host: localhost'];
  const head = [`${verb} ${target} HTTP/${version}`, ...host, 'connection: close', ...known];
  const isWhole = rest.includes('');
  const from = lines.length;
  const client = await raw(t, url, [...head, ...rest, ...(isWhole ? [] : ['', ''])].join('\r\n'));
  await client.closed;
  // A line of a call is written when its answer has been sent.
  await new Promise((resolve) => setImmediate(resolve));
  const logged = lines.slice(from).map(({ time, durationMs, requestId, err, ...fields }) => fields);
  const answer = client.answer
    .replace(/^Date: .*\r\n/im, '')
    .replace(/^retry: \d+$/m, 'retry')
    .replace(/[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, 'ID');
  return { answer, logged };
}

for (const [name, options, base] of OPTIONS) {
  t.test(`a request is answered and logged in one way, past Fastify or through it: ${name}`, async (t) => {
    const item = await bytes({ text: 'yes', number: 3, child: { text: 'inner' } });
    const answers = [{ in: 'end' as const }, { out: item }];
    const foreign = await openForeign(
      t,
      { Ask: answers, Down: answers, Up: answers, Numbered: answers, Store: answers, Fetch: [{ in: 'end' }] },
      options,
    );
    const rests = options === AS_IT_COMES ? RESTS : RESTS.slice(0, 1);
    const cases = [
      ...STARTS.flatMap((start) => rests.map((rest) => [start, rest] as const)),
      ...FIELDS.flatMap((rest) => ANSWERED.map((start) => [start, rest] as const)),
    ];
    const statuses = new Set<string>();
    for (const [start, rest] of cases) {
      const below = start.replace(' /', ` ${base}/`);
      const plain = await ask(t, foreign, below, rest);
      const other = await ask(t, foreign, below, [THROUGH_FASTIFY, ...rest]);
      t.strictSame(plain, other, `${start} ${rest.join(' | ')}`);
      statuses.add((plain as { answer: string }).answer.slice(9, 12));
    }
    for (const status of ['200', '400', '404', '405', '421']) t.ok(statuses.has(status), status);
    t.equal(foreign.gateway.openExchanges, 0);
  });
}

t.test('what is plain and for a method comes past Fastify, and nothing else', async (t) => {
  const exchanges = { draining: false };
  const app = Fastify();
  t.teardown(() => app.close());
  app.all('/*', async () => 'fastify');
  const options = resolveGatewayOptions({
    upstream: '127.0.0.1:1',
    basePath: '/api',
    log: pino({ level: 'silent' }),
  });
  const checks = { refusalOfHost: () => undefined, ownPaths: new Set(['/own']) };
  const refusals = { trustedProxies: options.trustedProxies, countRefusal: () => 0 };
  servePlainRequests(app, options, { exchanges }, checks, refusals, (request, reply) => {
    reply.send(`plain ${request.raw.url}`);
  });
  const url = await app.listen({ port: 0, host: '127.0.0.1' });
  const get = async (path: string, headers = {}, verb = 'GET') =>
    (await http(url + path, { method: verb, headers })).text;
  t.equal(await get('/api/a/b:c?d=%20#e'), 'plain /a/b:c?d=%20');
  t.equal(await get('/api/a', {}, 'DELETE'), 'plain /a');
  t.equal(await get('/api/'), 'plain /');
  for (const path of ['/api', '/apiary', '/a', '/api/own', '/api/own?x', '/api/%41', '/api/a;b']) {
    t.equal(await get(path), 'fastify', path);
  }
  t.equal(await get('/api/a', { upgrade: 'none' }), 'fastify');
  t.equal(await get('/api/a', { expect: '100-continue' }), 'fastify');
  exchanges.draining = true;
  t.equal(await get('/api/a'), 'fastify');
});
