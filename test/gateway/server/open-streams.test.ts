import { setTimeout as delay } from 'node:timers/promises';
import t, { type Test } from 'tap';
import { parseConfig } from '../../../gateway/server/config/index.js';
import type { ExchangeRow } from '../../../gateway/surfaces/index.js';
import { bytes, type Foreign, method, openForeign } from '../../support/foreign.js';
import { http, open, settled, until } from '../../support/http.js';
import { issuerKey, openIssuer } from '../../support/issuer.js';
import { openOf, openSession } from '../../support/session.js';
import { connect } from '../../support/websocket.js';

const TEXT_BYTES = 10_000;
const PATH = '/_sluice/streams';
const EVENTS = { accept: 'text/event-stream' };

interface Streams {
  readonly open: number;
  readonly streams: readonly ExchangeRow[];
}

async function look(url: string, query = '', headers: Record<string, string> = {}): Promise<Streams> {
  const { status, text } = await http(`${url}${PATH}?${query}`, { headers });
  if (status !== 200) throw new Error(`${status}: ${text}`);
  return JSON.parse(text) as Streams;
}

/** Looks until it fits, for at most ten seconds. */
async function lookUntil(t: Test, of: () => Promise<Streams>, what: string, fits: (all: Streams) => boolean) {
  const end = performance.now() + 10_000;
  for (;;) {
    const last = await of();
    if (fits(last)) return last;
    if (performance.now() > end) {
      t.fail(`${what}: ${JSON.stringify(last)}`);
      return last;
    }
    await delay(20);
  }
}

async function endless(t: Test, options: Parameters<typeof openForeign>[2] = {}): Promise<Foreign> {
  const item = await bytes({ text: 'x'.repeat(TEXT_BYTES) });
  return openForeign(
    t,
    { Down: [{ in: 'end' }, { out: item, times: 1_000_000 }], Ask: [{ out: item }] },
    options,
  );
}

/** Ways to start a stream that nobody reads. */
const STALLED: Record<string, (t: Test, foreign: Foreign) => Promise<void>> = {
  sse: async (t, { url }) => {
    const { response } = await open(url + method('Down'), { headers: EVENTS });
    response.on('error', () => {});
    response.pause();
    t.teardown(() => response.destroy());
  },
  ndjson: async (t, { url }) => {
    const { response } = await open(url + method('Down'), { headers: { accept: 'application/x-ndjson' } });
    response.on('error', () => {});
    response.pause();
    t.teardown(() => response.destroy());
  },
  websocket: async (t, { wsUrl }) => {
    const client = await connect(wsUrl + method('Down'));
    client.socket.send('{}');
    client.socket.pause();
    t.teardown(() => client.socket.terminate());
  },
  session: async (t, { wsUrl }) => {
    const client = await openSession(wsUrl);
    await client.send(
      openOf(1, 'Down', { credit: 3 }),
      { message: { id: 1, data: {} } },
      { halfClose: { id: 1 } },
    );
    t.teardown(() => client.test.socket.terminate());
  },
};

for (const [surface, stall] of Object.entries(STALLED)) {
  t.test(`${surface}: a reader that stops is seen, with what waits where, and the window at 0`, async (t) => {
    const foreign = await endless(t);
    await stall(t, foreign);
    const call = await foreign.upstream.call(method('Down'));
    const accepted = await settled(() => call.accepted);
    const { adminUrl } = foreign.gateway;
    const { streams } = await lookUntil(
      t,
      () => look(adminUrl),
      'the stall',
      ({ streams }) => streams[0]?.stalled?.by === 'client' && streams[0].waiting.windowLeftBytes === 0,
    );
    const [row] = streams;
    if (row === undefined) throw new Error('no row');
    t.match(row, { method: method('Down').slice(1), surface, peer: '127.0.0.1', dropped: 0, healed: 0 });
    t.same(row.received.messages, 1);
    t.equal(
      row.sent.bytes > row.sent.messages * TEXT_BYTES,
      row.sent.messages > 0,
      'bytes are those of the messages',
    );
    t.ok(row.waiting.gatewayBytes > 0, 'bytes wait in the gateway');
    const taken = row.sent.messages * TEXT_BYTES;
    const { windowBytes = 0, gatewayBytes } = row.waiting;
    // The window is opened again when half of it is due.
    t.ok(gatewayBytes > windowBytes / 2, `what is not window lies unread: ${JSON.stringify(row)}`);
    t.ok(accepted * TEXT_BYTES >= taken, 'the service has written what was taken');
    if (surface === 'session') t.same(row.credit, { messages: 0 }, 'the credit is used up');
    else {
      t.equal(row.credit, undefined);
      t.ok((row.waiting.socketBytes ?? 0) > 0, 'and in its socket');
    }
    const later = await lookUntil(
      t,
      () => look(adminUrl),
      'a longer stall',
      ({ streams }) => (streams[0]?.stalled?.forMs ?? 0) > (row.stalled?.forMs ?? 0),
    );
    t.equal(later.streams[0]?.sent.messages, row.sent.messages, 'nothing moves');
    t.ok((later.streams[0]?.ageMs ?? 0) > row.ageMs);
  });
}

t.test('who sees what on the listen address', async (t) => {
  const key = await issuerKey('es');
  const issuer = await openIssuer(t, [key]);
  const config = await parseConfig(
    `auth: { default: public, issuers: [{ issuer: "${issuer.issuer}", audience: [sluice], keys: { jwksUrl: "${issuer.jwksUrl}" } }] }`,
    'test.yaml',
  );
  const foreign = await endless(t, { config });
  const as = async (sub: string) => ({ authorization: `Bearer ${await issuer.sign(key, { sub })}` });
  const alice = await as('alice');
  const ids: Record<string, string> = {};
  for (const [name, headers] of Object.entries({ alice, bob: await as('bob'), anonymous: {} })) {
    const { response } = await open(foreign.url + method('Down'), { headers: { ...EVENTS, ...headers } });
    response.on('error', () => {});
    response.pause();
    t.teardown(() => response.destroy());
    ids[name] = String(response.headers['x-request-id']);
  }
  await lookUntil(
    t,
    () => look(foreign.gateway.adminUrl),
    'all of them',
    ({ open }) => open === 3,
  );
  const seen = async (query: string, headers = {}) =>
    (await look(foreign.url, query, headers)).streams.map(({ requestId }) => requestId);
  t.same(await seen('', alice), [ids.alice]);
  t.same(await seen(`requestId=${ids.bob}`, alice), [], "another principal's is not seen");
  t.same(await seen('', await as('carol')), []);
  t.same(await seen(''), [], 'an anonymous client has to name what it began');
  t.same(await seen(`requestId=${ids.anonymous}`), [ids.anonymous]);
  t.same(await seen(`requestId=${ids.alice}&requestId=${ids.anonymous}`), [ids.anonymous]);
  t.same(await seen(`method=${method('Ask').slice(1)}`, alice), []);
  const { streams, open: count } = await look(foreign.gateway.adminUrl, 'limit=2');
  t.equal(count, 3);
  t.equal(streams.length, 2);
  const { status } = await http(foreign.url + PATH, { headers: { authorization: 'Bearer a.b.c' } });
  t.equal(status, 401);
});

t.test('an anonymous client is refused where only known ones may call', async (t) => {
  const issuer = await openIssuer(t, [await issuerKey('es')]);
  const config = await parseConfig(
    `auth: { issuers: [{ issuer: "${issuer.issuer}", audience: [sluice], keys: { jwksUrl: "${issuer.jwksUrl}" } }] }`,
    'test.yaml',
  );
  const foreign = await endless(t, { config });
  t.equal((await http(foreign.url + PATH)).status, 401);
});

t.test('events tell how it goes on, and end with the gateway', async (t) => {
  const foreign = await endless(t);
  const { adminUrl } = foreign.gateway;
  const watching = await Promise.all(
    [adminUrl, foreign.url].map(async (url) => {
      const { response } = await open(`${url}${PATH}?intervalMs=100&requestId=mine`, { headers: EVENTS });
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk;
      });
      const over = new Promise<void>((resolve) => response.once('close', resolve));
      return { response, over, text: () => text };
    }),
  );
  for (const { response } of watching) {
    t.equal(response.statusCode, 200);
    t.match(response.headers, { 'content-type': /^text\/event-stream/, 'cache-control': /no-cache/ });
  }
  const headers = { ...EVENTS, 'x-request-id': 'mine' };
  const { response } = await open(foreign.url + method('Down'), { headers });
  response.on('error', () => {});
  response.pause();
  for (const { text } of watching) {
    await until(t, 'an event of it', () => text().includes('"stalled":{"by":"client"'));
    t.match(text().split('\n\n')[0], 'data: {"open":0,"streams":[]}', 'the first comes at once');
  }
  response.destroy();
  for (const { text } of watching) {
    const before = text().length;
    await until(t, 'that it is gone', () => text().slice(before).includes('"open":0'));
  }
  await foreign.gateway.close();
  for (const { over, text } of watching) {
    await over;
    t.match(text(), /retry: \d+\s*$/);
  }
});

t.test('the events of one client count as its exchange, and the admin port has places', async (t) => {
  const foreign = await endless(t, { limits: { exchangesPerAddress: 2 } });
  const get = async (url: string) => {
    // Who takes events alone is told by an event, with 200.
    const { response } = await open(url + PATH, { headers: { accept: 'text/event-stream, */*;q=0.1' } });
    t.teardown(() => response.destroy());
    response.on('error', () => {}).resume();
    return response;
  };
  const own = [await get(foreign.url), await get(foreign.url), await get(foreign.url)];
  t.same(
    own.map(({ statusCode }) => statusCode),
    [200, 200, 429],
  );
  own[0]?.destroy();
  await until(t, 'a place', () => foreign.gateway.openExchanges === 1);
  t.equal((await get(foreign.url)).statusCode, 200);
  const all = [];
  for (let count = 0; count < 17; count += 1) all.push((await get(foreign.gateway.adminUrl)).statusCode);
  t.same(all, [...Array.from({ length: 16 }, () => 200), 503]);
});

t.test('what is wrong with the query is named', async (t) => {
  const { url, gateway } = await endless(t);
  const cases = {
    'limit=0': '"limit" must be a number from 1 to 1000',
    'limit=1001': '"limit"',
    'limit=1&limit=2': '"limit" must be there once',
    'limit=x': '"limit"',
    'intervalMs=99': '"intervalMs" must be a number from 100 to 60000',
    'method=a&method=b': '"method"',
    'sort=age': 'no parameter "sort"',
    [Array.from({ length: 101 }, (_, at) => `requestId=${at}`).join('&')]:
      '"requestId" must be there 100 times',
  };
  for (const base of [url, gateway.adminUrl]) {
    for (const [query, problem] of Object.entries(cases)) {
      const { status, text } = await http(`${base}${PATH}?${query}`);
      t.equal(status, 400, query.slice(0, 20));
      t.ok(text.replaceAll('\\"', '"').includes(problem), text);
    }
  }
});

t.test('readers of one recording are seen with all that they were given, whoever read it', async (t) => {
  const opens: (() => void)[] = [];
  const message = await bytes({ text: 'x' });
  const steps = Array.from({ length: 5 }, () => [
    {
      wait: new Promise<void>((resolve) => {
        opens.push(resolve);
      }),
    },
    { out: message },
  ]).flat();
  const { url, gateway } = await openForeign(
    t,
    { Down: [{ in: 'end' }, ...steps, { wait: new Promise<never>(() => {}) }] },
    { config: { methods: { [method('Down').slice(1)]: { recording: { sharing: 'everyone' } } } } },
  );
  for (let reader = 0; reader < 4; reader += 1) {
    const { response } = await open(url + method('Down'), { headers: EVENTS });
    response.on('error', () => {}).resume();
    t.teardown(() => response.destroy());
  }
  for (const [index, begin] of opens.entries()) {
    begin();
    const { streams } = await lookUntil(
      t,
      () => look(gateway.adminUrl),
      `message ${index + 1}`,
      ({ streams }) => streams.every(({ sent }) => sent.messages === index + 1),
    );
    t.equal(streams.length, 4);
    for (const { sent } of streams) t.equal(sent.bytes, (index + 1) * message.length);
  }
});
