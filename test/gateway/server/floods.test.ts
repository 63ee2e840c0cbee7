import t, { type Test } from 'tap';
import type { GatewayOptions } from '../../../gateway/index.js';
import { parseConfig } from '../../../gateway/server/config/index.js';
import { bytes, type Foreign, method, openForeign, UNHURRIED } from '../../support/foreign.js';
import { http, until } from '../../support/http.js';
import { type Issuer, issuerKey, openIssuer } from '../../support/issuer.js';
import { FIRST, SECOND, THIRD } from '../../support/local-client.js';
import { openOf, openSession } from '../../support/session.js';
import { allWays, Flood, type FloodWay, requestWays } from './flood-ways.js';

t.setTimeout(120_000);

const BURST = 40;
/** So slow that no flood of a test gets much by waiting. */
const RATE = { callsPerSecond: 1, callsBurst: BURST } as const;
/** Of each way at once. */
const EACH = 8;

interface Users {
  readonly issuer: Issuer;
  /** Tokens. */
  readonly mallory: string;
  readonly bob: string;
}

async function openUsers(t: Test): Promise<Users> {
  const key = await issuerKey('es');
  const issuer = await openIssuer(t, [key]);
  const [mallory, bob] = [await issuer.sign(key, { sub: 'mallory' }), await issuer.sign(key, { sub: 'bob' })];
  return { issuer, mallory, bob };
}

async function openFlooded(
  t: Test,
  limits: NonNullable<GatewayOptions['limits']>,
  users?: Users,
): Promise<Foreign> {
  const item = await bytes({ number: 1 });
  const script = { Ask: [{ in: 'end' }, { out: item }], Both: [{ echo: true }] } as const;
  if (users === undefined) return await openForeign(t, script, { limits });
  const { issuer, jwksUrl } = users.issuer;
  const issuers = `[{ issuer: "${issuer}", audience: [sluice], keys: { jwksUrl: "${jwksUrl}" } }]`;
  const config = await parseConfig(`auth: { issuers: ${issuers} }\n`, 'test.yaml');
  return await openForeign(t, script, { limits, config });
}

/** Each way of a neighbour is served while the others flood. Resolves with what the floods came to. */
async function assertServed(
  t: Test,
  neighbour: Readonly<Record<string, FloodWay>>,
  floods: readonly Flood[],
): Promise<Map<string, number>> {
  await until(t, 'each flood to be refused', () => floods.every(({ counts }) => refusals(counts) > 0));
  for (let round = 0; round < 2; round += 1)
    for (const [name, way] of Object.entries(neighbour)) t.equal(await way(), 'served', name);
  await Promise.all(floods.map((flood) => flood.stop()));
  const sum = new Map<string, number>();
  for (const { counts } of floods)
    for (const [outcome, count] of counts) sum.set(outcome, (sum.get(outcome) ?? 0) + count);
  return sum;
}

/** Of these outcomes there are no more than a burst and what came back meanwhile; all others say that it was too often. */
function assertBounded(t: Test, counts: ReadonlyMap<string, number>, begunAt: number, begun: string[]): void {
  const count = begun.reduce((sum, outcome) => sum + (counts.get(outcome) ?? 0), 0);
  const most = BURST + (performance.now() - begunAt) / 1_000;
  t.ok(count >= BURST && count <= most, `${count} of ${total(counts)} began`);
  const others = [...counts.keys()].filter((outcome) => !begun.includes(outcome));
  t.strictSame(others.sort(), ['HTTP 429', 'RATE_LIMIT']);
}

function total(counts: ReadonlyMap<string, number>): number {
  return [...counts.values()].reduce((sum, count) => sum + count, 0);
}

function refusals(counts: ReadonlyMap<string, number>): number {
  return (counts.get('RATE_LIMIT') ?? 0) + (counts.get('HTTP 429') ?? 0);
}

async function countedRefusals({ gateway }: Foreign): Promise<number> {
  const { text } = await http(`${gateway.adminUrl}/metrics`);
  return Number(/limit="calls_per_second"\} (\d+)/.exec(text)?.[1]);
}

async function assertOver(t: Test, { gateway }: Foreign): Promise<void> {
  await until(t, 'nothing to be open', () => gateway.openExchanges === 0);
}

t.test('one principal floods every surface from two addresses; its neighbour there is served', async (t) => {
  const users = await openUsers(t);
  const foreign = await openFlooded(t, RATE, users);
  const begunAt = performance.now();
  // Two sessions were opened before they flood.
  const ways = [
    await allWays(t, foreign, { from: FIRST, token: users.mallory }),
    await allWays(t, foreign, { from: SECOND, token: users.mallory }),
  ];
  const neighbour = await allWays(t, foreign, { from: FIRST, token: users.bob });
  const floods = ways.map((each) => new Flood(each, EACH));
  const counts = await assertServed(t, neighbour, floods);
  counts.set('served', (counts.get('served') ?? 0) + ways.length);
  assertBounded(t, counts, begunAt, ['served']);
  t.equal(await countedRefusals(foreign), refusals(counts), 'each refusal is counted');
  await assertOver(t, foreign);
});

t.test('one address floods every surface of a gateway without users; another one is served', async (t) => {
  const foreign = await openFlooded(t, RATE);
  const begunAt = performance.now();
  const ways = await allWays(t, foreign, { from: SECOND });
  const neighbour = await allWays(t, foreign, { from: FIRST });
  const counts = await assertServed(t, neighbour, [new Flood(ways, EACH)]);
  counts.set('served', (counts.get('served') ?? 0) + 1);
  assertBounded(t, counts, begunAt, ['served']);
  t.equal(await countedRefusals(foreign), refusals(counts));
  await assertOver(t, foreign);
});

t.test(
  'one address floods with tokens that are none, and without; who is known elsewhere is served',
  async (t) => {
    const users = await openUsers(t);
    const foreign = await openFlooded(t, RATE, users);
    const begunAt = performance.now();
    const neighbour = await allWays(t, foreign, { from: FIRST, token: users.bob });
    const unknown = new Flood(requestWays(t, foreign, { from: SECOND }), EACH);
    const bad = new Flood(requestWays(t, foreign, { from: SECOND, token: 'bad' }), EACH);
    const counts = await assertServed(t, neighbour, [unknown, bad]);
    // A session needs nobody to be known; a plain WebSocket is a call.
    assertBounded(t, unknown.counts, begunAt, ['CREDENTIAL_NEEDED', 'HTTP 401', 'served']);
    assertBounded(t, bad.counts, begunAt, ['CREDENTIAL_INVALID', 'HTTP 401']);
    t.equal(await countedRefusals(foreign), refusals(counts));
    t.equal(foreign.upstream.calls(method('Ask')).length, 2 * 5, 'those of the neighbour alone');
    await assertOver(t, foreign);
  },
);

t.test('one principal opens all that it can and holds it; its neighbour has its own', async (t) => {
  const users = await openUsers(t);
  const foreign = await openFlooded(t, { ...UNHURRIED, exchangesPerPrincipal: 5 }, users);
  const sessions = await Promise.all(
    [FIRST, SECOND, THIRD].map((localAddress) => {
      const headers = { authorization: `Bearer ${users.mallory}` };
      return openSession(foreign.wsUrl, 'sluice.v1.json', { localAddress, headers });
    }),
  );
  let refused = 0;
  for (let id = 1; id <= 20; id += 1) {
    for (const session of sessions) {
      await session.send(openOf(id, 'Both'));
      if ((await session.of(id))?.end !== undefined) refused += 1;
    }
  }
  t.equal(refused, 3 * 20 - 5);
  t.equal(foreign.upstream.calls(method('Both')).length, 5);
  const more = requestWays(t, foreign, { from: SECOND, token: users.mallory });
  for (const [name, way] of Object.entries(more))
    t.match(await way(), /^(?:PRINCIPAL_LIMIT|HTTP 429)$/, `one more is too many: ${name}`);
  const neighbour = await allWays(t, foreign, { from: SECOND, token: users.bob });
  for (const [name, way] of Object.entries(neighbour)) t.equal(await way(), 'served', name);
  for (const session of sessions) session.test.socket.terminate();
  await assertOver(t, foreign);
});
