import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import t from 'tap';
import {
  ANONYMOUS,
  createPrincipal,
  credentialRefused,
  MOST_CLIENTS,
  type RequestSource,
} from '../../../../gateway/security/index.js';
import { addressGroup } from '../../../../gateway/security/ip-address.js';
import { ExchangeLimits } from '../../../../gateway/surfaces/index.js';

setFlagsFromString('--expose-gc');
t.setTimeout(180_000);

const collect = runInNewContext('gc') as () => void;

const MIB = 1024 * 1024;
/** `docs/bounds.md`: of each rate, both generations together. */
const OF_ADDRESSES = 8 * MIB;
const OF_PRINCIPALS = 20 * MIB;
/** Of what is open by address and by principal: 10,000 exchanges each. */
const OF_OPEN = 8 * MIB;
/** What the collector has not found, and what a map has room for before it is full. */
const SLACK = 4 * MIB;

/** The nth /64 of the documentation's network. */
function networkOf(n: number): RequestSource {
  const address = `2001:db8:${(n >>> 16).toString(16)}:${(n & 0xffff).toString(16)}::1`;
  return { address, group: addressGroup(address), isProxied: true, proto: undefined, host: undefined };
}

/** The nth subject, as long as a token may name one, in an alphabet of two bytes each. */
function subjectOf(n: number) {
  const named = { issuer: 'https://id.example', subject: `${'ж'.repeat(240)}${n}`, tenant: 'ж'.repeat(256) };
  return createPrincipal({ ...named, scopes: [], roles: [], expiresAt: undefined, claims: {} });
}

function heldAfter(work: () => void): number {
  collect();
  const before = process.memoryUsage().heapUsed;
  work();
  collect();
  return process.memoryUsage().heapUsed - before;
}

/** More than are remembered at once, and at a rate at which nobody is forgotten before another needs the place. */
const CLIENTS = 3 * MOST_CLIENTS;
const SLOW = { callsPerSecond: 1, callsBurst: 1_000, bytesPerSecond: 1_000 };

t.test('a flood of distinct networks fills no memory', (t) => {
  const limits = new ExchangeLimits(SLOW);
  const held = heldAfter(() => {
    for (let n = 0; n < CLIENTS; n += 1) {
      const source = networkOf(n);
      limits.begin(source);
      limits.beginShown(source, { kind: 'unchecked' }, {});
      limits.beginShown(source, { kind: 'refused', error: credentialRefused('a test') }, {});
      limits.paceOf(source, ANONYMOUS)?.took(1);
    }
  });
  t.ok(limits.knownClients > 4 * MOST_CLIENTS, 'each rate remembers many');
  t.ok(limits.knownClients <= 4 * 2 * MOST_CLIENTS, `${limits.knownClients} clients`);
  t.ok(held <= 4 * OF_ADDRESSES + SLACK, `${(held / MIB).toFixed(1)} MiB`);
  t.end();
});

t.test('a flood of distinct principals with the longest names fills no memory', (t) => {
  const limits = new ExchangeLimits(SLOW);
  const held = heldAfter(() => {
    for (let n = 0; n < CLIENTS; n += 1) {
      const principal = subjectOf(n);
      limits.begin(networkOf(0), principal);
      limits.paceOf(networkOf(0), principal)?.took(1);
    }
  });
  t.ok(limits.knownClients > 2 * MOST_CLIENTS, 'each rate remembers many');
  t.ok(limits.knownClients <= 2 * 2 * MOST_CLIENTS, `${limits.knownClients} clients`);
  t.ok(held <= 2 * OF_PRINCIPALS + SLACK, `${(held / MIB).toFixed(1)} MiB`);
  t.end();
});

t.test('what is open is counted for as many clients as there are exchanges, and no longer', (t) => {
  const exchanges = 20_000;
  const limits = new ExchangeLimits({ exchanges, exchangesPerAddress: 1, exchangesPerPrincipal: 1 });
  const held = heldAfter(() => {
    for (let n = 0; n < exchanges; n += 1) limits.addExchange(networkOf(n), subjectOf(n));
  });
  t.throws(
    () => limits.addExchange(networkOf(exchanges), subjectOf(exchanges)),
    /more than 20000 exchanges at once/,
  );
  t.ok(held <= OF_OPEN, `${(held / MIB).toFixed(1)} MiB`);
  const left = heldAfter(() => {
    for (let n = 0; n < exchanges; n += 1) limits.removeExchange(networkOf(n), subjectOf(n));
  });
  t.ok(left <= -held / 2, `${(left / MIB).toFixed(1)} MiB of it are given back`);
  limits.addExchange(networkOf(exchanges), subjectOf(exchanges));
  t.end();
});
