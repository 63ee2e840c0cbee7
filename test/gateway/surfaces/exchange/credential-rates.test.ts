import t from 'tap';
import type { RequestSource } from '../../../../gateway/security/index.js';
import { CredentialRates } from '../../../../gateway/surfaces/exchange/credential-rates.js';

const HERE: RequestSource = {
  address: '192.0.2.1',
  group: '192.0.2.1',
  isProxied: false,
  proto: undefined,
  host: undefined,
};
const BURST = 10;

/** Takes until it may not; returns how many there were. */
function spent(rates: CredentialRates, kind: 'refused' | 'unchecked', connection: object, source = HERE) {
  for (let count = 0; count < 1_000; count += 1) if (rates.take(kind, source, connection) > 0) return count;
  return Number.POSITIVE_INFINITY;
}

t.test('garbage does not use up what new tokens have, nor they what it has', async (t) => {
  for (const [one, other] of [
    ['refused', 'unchecked'],
    ['unchecked', 'refused'],
  ] as const) {
    const rates = new CredentialRates(0.01, BURST);
    const connection = {};
    t.ok(spent(rates, one, connection) >= BURST);
    t.equal(rates.take(other, HERE, connection), 0);
    t.equal(rates.take('ticket', HERE, connection), 0, 'a ticket of ours is never counted');
  }
});

t.test('beside connections that flood, one that does not gets in, again and again', async (t) => {
  const rates = new CredentialRates(0.01, BURST);
  const floods = [{}, {}, {}];
  const taken = floods.map((connection) => spent(rates, 'unchecked', connection));
  t.same(taken, [BURST + 2, 2, 2]);
  const calm = {};
  for (let round = 0; round < 50; round += 1) {
    t.equal(rates.take('unchecked', HERE, calm), 0);
    rates.giveBack('unchecked', HERE, calm);
    // They go on, and take what was given back to the address.
    for (const connection of floods) spent(rates, 'unchecked', connection);
  }
});

t.test('a flood that opens a connection for each try has a bound', async (t) => {
  const rates = new CredentialRates(0.01, BURST);
  let count = 0;
  while (rates.take('unchecked', HERE, {}) === 0) count += 1;
  t.equal(count, 2 * BURST);
  t.ok(rates.take('unchecked', HERE, {}) > 1_000, 'and the time to wait is that of its address');
});

t.test("a proxy's connections are not its clients'", async (t) => {
  const rates = new CredentialRates(0.01, BURST);
  t.equal(spent(rates, 'unchecked', {}, { ...HERE, isProxied: true }), BURST);
});
