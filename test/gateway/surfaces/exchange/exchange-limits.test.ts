import t from 'tap';
import {
  ANONYMOUS,
  createPrincipal,
  type Principal,
  type RequestSource,
} from '../../../../gateway/security/index.js';
import { ExchangeLimits } from '../../../../gateway/surfaces/index.js';

const from = (group: string): RequestSource => ({
  address: group,
  group,
  isProxied: false,
  proto: undefined,
  host: undefined,
});
const [HERE, THERE] = [from('192.0.2.1'), from('192.0.2.2')];

const principal = (subject: string): Principal =>
  createPrincipal({
    issuer: 'https://id.example',
    subject,
    tenant: undefined,
    scopes: [],
    roles: [],
    expiresAt: undefined,
    claims: {},
  });
const [ANN, BOB] = [principal('ann'), principal('bob')];

const NEW = { kind: 'unchecked' } as const;
const CONNECTION = {};

const known = (principal: Principal) =>
  ({ kind: 'known', client: { principal, credential: undefined } }) as const;

t.test(
  'a principal has so many exchanges, from whatever addresses, and its neighbours have theirs',
  async (t) => {
    const refused: string[] = [];
    const limits = new ExchangeLimits({ exchangesPerPrincipal: 2 }, (limit) => refused.push(limit));
    limits.addExchange(HERE, ANN);
    limits.addExchange(THERE, ANN);
    for (const ask of [
      () => limits.addExchange(HERE, ANN),
      () => limits.begin(from('192.0.2.3'), ANN),
      () => limits.beginChecked(HERE, NEW, CONNECTION, ANN),
      () => limits.beginShown(HERE, known(ANN), CONNECTION),
      () => limits.assertRoom(THERE, ANN),
    ]) {
      t.throws(ask, {
        reason: 'PRINCIPAL_LIMIT',
        message: 'more than 2 exchanges of one principal at once: see --exchanges-per-principal',
        headers: { 'retry-after': '1' },
      });
    }
    t.same(refused, Array(5).fill('exchanges_per_principal'));
    limits.addExchange(HERE, BOB);
    for (let n = 0; n < 5; n++) limits.addExchange(HERE, ANONYMOUS);
    limits.removeExchange(THERE, ANN);
    limits.addExchange(HERE, ANN);
  },
);

t.test('calls a second are those of a principal, or of an address without one', async (t) => {
  const limits = new ExchangeLimits({ callsPerSecond: 1, callsBurst: 2 });
  const tooOften = { reason: 'RATE_LIMIT', headers: { 'retry-after': '1' } };
  for (const source of [HERE, THERE]) limits.begin(source, ANN);
  t.throws(() => limits.begin(HERE, ANN), {
    ...tooOften,
    message: 'more than 1 calls a second of one principal: see --calls-per-second',
  });
  for (let n = 0; n < 2; n++) {
    limits.begin(HERE, BOB);
    limits.begin(HERE);
    limits.begin(THERE);
  }
  t.throws(() => limits.begin(HERE), {
    ...tooOften,
    message: /from one address: see --calls-per-second; if a proxy/,
  });
});

t.test(
  'whoever shows a good credential does not pay for its address, and bad ones are not tried for ever',
  async (t) => {
    const limits = new ExchangeLimits({ callsPerSecond: 1, callsBurst: 2 });
    for (let n = 0; n < 2; n++) limits.begin(HERE);
    t.throws(
      () => limits.begin(HERE),
      { reason: 'RATE_LIMIT', message: /address/ },
      'nobody else has a call left there',
    );
    for (const who of [ANN, BOB]) {
      for (let n = 0; n < 2; n++) {
        limits.beginShown(HERE, NEW, CONNECTION);
        limits.beginChecked(HERE, NEW, CONNECTION, who);
      }
      limits.beginShown(HERE, NEW, CONNECTION);
      const begin = () => limits.beginChecked(HERE, NEW, CONNECTION, who);
      t.throws(begin, { reason: 'RATE_LIMIT', message: /of one principal/ });
    }
    for (let n = 0; n < 4; n++) limits.beginShown(THERE, NEW, CONNECTION);
    t.throws(
      () => limits.beginShown(THERE, NEW, CONNECTION),
      { reason: 'RATE_LIMIT', message: /address/ },
      'two of the address, and two of the connection, were refused',
    );
    limits.begin(THERE);
  },
);

t.test('while the process is late nothing begins, whoever it is', async (t) => {
  const limits = new ExchangeLimits({ isLate: () => true, eventLoopDelayMs: 5, callsPerSecond: 1 });
  const late = { reason: 'GATEWAY_LIMIT', message: /more than 5 ms late/ };
  t.throws(() => limits.begin(HERE, ANN), late);
  t.throws(() => limits.beginShown(HERE, NEW, CONNECTION), late);
});

t.test('clients of this machine are free where they are not counted, and nobody else is', (t) => {
  const limits = new ExchangeLimits({ callsPerSecond: 1, callsBurst: 2, countsLoopback: false });
  const begins = (address: string, isProxied = false, principal?: Principal) => {
    const source = { ...from(address), isProxied };
    for (let count = 0; count < 100; count += 1) {
      try {
        limits.begin(source, principal);
      } catch {
        return count;
      }
    }
    return 100;
  };
  t.equal(begins('127.0.0.1'), 100);
  t.equal(begins('127.8.8.8'), 100);
  t.equal(begins('::1'), 100);
  t.equal(begins('127.0.0.1', true), 2, 'a proxy may say anything');
  t.equal(begins('203.0.113.7'), 2);
  t.equal(begins('127.0.0.1', false, ANN), 2, 'a principal is counted wherever it is');
  const local = from('127.0.0.1');
  for (let count = 0; count < 100; count += 1) limits.beginShown(local, NEW, CONNECTION);
  t.throws(() => limits.beginChecked(local, NEW, CONNECTION, ANN), /of one principal/);
  t.end();
});
