import { Agent, request } from 'node:http';
import t, { type Test } from 'tap';
import { parseConfig } from '../../../gateway/server/config/index.js';
import { bytes, type Foreign, method, openForeign } from '../../support/foreign.js';
import { frame } from '../../support/grpc-frames.js';
import { http, until } from '../../support/http.js';
import { ask, connectHttp2 } from '../../support/http2-client.js';
import { type Issuer, type IssuerKey, issuerKey, openIssuer } from '../../support/issuer.js';
import { FIRST } from '../../support/local-client.js';
import { openOf, openSession } from '../../support/session.js';
import { connect } from '../../support/websocket.js';
import { allWays, Flood, type FloodWay, requestWays } from './flood-ways.js';

t.setTimeout(120_000);

/** So slow that no flood gets much by waiting. */
const RATE = { callsPerSecond: 1, callsBurst: 60, exchangesPerAddress: 0, connectionsPerAddress: 0 } as const;
const EMPTY = new Uint8Array(0);
const SERVED = 'served';

interface Flooded {
  readonly key: IssuerKey;
  readonly issuer: Issuer;
  readonly foreign: Foreign;
}

async function setUp(t: Test): Promise<Flooded> {
  const key = await issuerKey('es');
  const issuer = await openIssuer(t, [key]);
  const issuers = `[{ issuer: "${issuer.issuer}", audience: [sluice], keys: { jwksUrl: "${issuer.jwksUrl}" } }]`;
  const config = await parseConfig(`auth: { issuers: ${issuers} }\n`, 'test.yaml');
  const item = await bytes({ number: 1 });
  const script = { Ask: [{ in: 'end' }, { out: item }], Both: [{ echo: true }] } as const;
  return { key, issuer, foreign: await openForeign(t, script, { limits: RATE, config }) };
}

/** Tokens of other subjects each time whose signature is another's: each costs a check. */
async function badTokens({ issuer, key }: Flooded): Promise<() => string> {
  const [head, , signature = ''] = (await issuer.sign(key)).split('.');
  let count = 0;
  return () => {
    count += 1;
    const claims = { iss: issuer.issuer, aud: 'sluice', sub: `nobody ${count}`, exp: 9_999_999_999 };
    return `${head}.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.${signature}`;
  };
}

/** Floods over connections that are kept: so many of HTTP/1.1, one of HTTP/2, one session; each request shows another token. */
async function keptWays(
  t: Test,
  { foreign }: Flooded,
  token: () => string,
): Promise<Record<string, FloodWay>> {
  const { url, wsUrl } = foreign;
  const agent = new Agent({ keepAlive: true, maxSockets: 4, localAddress: FIRST });
  t.teardown(() => agent.destroy());
  const http2 = connectHttp2(t, url, { localAddress: FIRST } as never);
  const authorization = () => `Bearer ${token()}`;
  const session = await openSession(wsUrl, 'sluice.v1.json', { localAddress: FIRST });
  let last = 0;
  let before: Promise<unknown> = Promise.resolve();
  return {
    json: () =>
      new Promise((resolve, reject) => {
        const headers = { 'content-type': 'application/json', authorization: authorization() };
        const sent = request(url + method('Ask'), { method: 'POST', agent, headers }, (answer) => {
          answer.resume().once('end', () => resolve(answer.headers['sluice-reason']?.toString() ?? SERVED));
        });
        sent.once('error', reject);
        sent.end('{}');
      }),
    gRPC: async () => {
      const headers = { 'content-type': 'application/grpc', te: 'trailers', authorization: authorization() };
      const { headers: head } = await ask(http2, method('Ask'), headers, frame(EMPTY));
      return head['sluice-reason']?.toString() ?? SERVED;
    },
    'an open in a session': () => {
      last += 1;
      const id = last;
      const metadata = { authorization: authorization() };
      const call = before.then(async () => {
        await session.send(openOf(id, 'Ask', { metadata }));
        return /"reason":"(\w+)"/.exec(JSON.stringify((await session.all(id)).at(-1)))?.[1] ?? SERVED;
      });
      before = call;
      return call;
    },
  };
}

function isRefused({ counts }: Flood): boolean {
  return (counts.get('RATE_LIMIT') ?? 0) + (counts.get('HTTP 429') ?? 0) > 20;
}

async function assertServed(t: Test, ways: Readonly<Record<string, FloodWay>>, what: string): Promise<void> {
  for (const [name, way] of Object.entries(ways)) t.equal(await way(), SERVED, `${what}: ${name}`);
}

const FLOODS: Record<string, (t: Test, flooded: Flooded) => Promise<Record<string, FloodWay>>> = {
  'garbage, each time on a new connection': async (t, { foreign }) =>
    requestWays(t, foreign, { from: FIRST, token: 'a.b' }),
  'one token with a bad signature, each time on a new connection': async (t, flooded) =>
    requestWays(t, flooded.foreign, { from: FIRST, token: (await badTokens(flooded))() }),
  'tokens with bad signatures on kept connections': async (t, flooded) =>
    keptWays(t, flooded, await badTokens(flooded)),
};

for (const [name, waysOf] of Object.entries(FLOODS)) {
  t.test(`good tokens of an address that floods are served, old and new: ${name}`, async (t) => {
    const flooded = await setUp(t);
    const { foreign, issuer, key } = flooded;
    const known = await allWays(t, foreign, { from: FIRST, token: await issuer.sign(key, { sub: 'ann' }) });
    await assertServed(t, known, 'before it');
    const flood = new Flood(await waysOf(t, flooded), 8);
    await until(t, 'the flood to be refused', () => isRefused(flood));
    for (let round = 0; round < 3; round += 1) {
      await assertServed(t, known, 'known');
      // Each way shows it on a connection of its own: for the first it is new.
      const fresh = { from: FIRST, token: await issuer.sign(key, { sub: `new ${round}` }) };
      await assertServed(t, await allWays(t, foreign, fresh), 'new');
      for (const [way, open] of Object.entries({
        'a session': async (token: string) => {
          const headers = { authorization: `Bearer ${token}` };
          return (await openSession(foreign.wsUrl, 'sluice.v1.json', { localAddress: FIRST, headers })).test;
        },
        'a WebSocket': (token: string) =>
          connect(foreign.wsUrl + method('Both'), {
            localAddress: FIRST,
            headers: { authorization: `Bearer ${token}` },
          }),
      })) {
        const opened = await open(await issuer.sign(key, { sub: `${way} ${round}` }));
        opened.socket.terminate();
      }
    }
    await flood.stop();
    t.ok(isRefused(flood));
    t.notOk(flood.counts.has(SERVED));
    const checks = flood.counts.get('CREDENTIAL_INVALID') ?? 0;
    t.ok(checks + (flood.counts.get('HTTP 401') ?? 0) <= 3 * RATE.callsBurst, `${checks} were looked at`);
  });
}

t.test('a flood that opens a connection for each token still holds up nobody who is known', async (t) => {
  const flooded = await setUp(t);
  const { foreign, issuer, key } = flooded;
  const known = await allWays(t, foreign, { from: FIRST, token: await issuer.sign(key, { sub: 'ann' }) });
  await assertServed(t, known, 'before it');
  const token = await badTokens(flooded);
  const flood = new Flood(
    {
      json: async () => {
        const headers = { authorization: `Bearer ${token()}`, connection: 'close' };
        const { headers: head } = await http(foreign.url + method('Ask'), { headers });
        return head['sluice-reason']?.toString() ?? SERVED;
      },
    },
    16,
  );
  await until(t, 'the flood to be refused', () => isRefused(flood));
  for (let round = 0; round < 3; round += 1) await assertServed(t, known, 'known');
  await flood.stop();
});

t.test('the documents are no way around: credentials are counted there as well', async (t) => {
  const flooded = await setUp(t);
  const { foreign, issuer, key } = flooded;
  const token = await badTokens(flooded);
  const good = { authorization: `Bearer ${await issuer.sign(key)}` };
  const ask = async (headers: Record<string, string>) =>
    (await http(`${foreign.url}/_sluice/services`, { headers })).status;
  t.equal(await ask(good), 200);
  const statuses: number[] = [];
  for (let n = 0; n < 3 * RATE.callsBurst; n += 1)
    statuses.push(await ask({ authorization: `Bearer ${token()}` }));
  t.ok(statuses.filter((status) => status === 401).length <= 2 * RATE.callsBurst + 5);
  t.equal(statuses.at(-1), 429);
  for (let n = 0; n < 2 * RATE.callsBurst; n += 1)
    t.equal(await ask(good), 200, 'who is known is not counted there');
});

t.test('a ticket that was given is redeemed beside a flood of bad ones', async (t) => {
  const { foreign, issuer, key } = await setUp(t);
  const { url } = foreign;
  const headers = { authorization: `Bearer ${await issuer.sign(key)}` };
  const buy = async () =>
    (
      JSON.parse((await http(`${url}/_sluice/ticket`, { method: 'POST', headers })).text) as {
        ticket: string;
      }
    ).ticket;
  const tickets = [await buy(), await buy()];
  const show = async (ticket: string) => (await http(`${url}${method('Ask')}?ticket=${ticket}`)).status;
  const bad = Array.from({ length: 3 * RATE.callsBurst }, (_, n) => `${n}`.padStart(43, 'x'));
  const statuses = await Promise.all(bad.map(show));
  t.ok(statuses.includes(429));
  for (const ticket of tickets) t.equal(await show(ticket), 200);
  t.equal(await buy().then(show), 200, 'and one is given to who is known');
  t.not(await show(tickets[0] as string), 200, 'once');
});
