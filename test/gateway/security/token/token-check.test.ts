import { once } from 'node:events';
import t, { type Test } from 'tap';
import type { TokenSettings } from '../../../../gateway/security/index.js';
import { TokenCheck } from '../../../../gateway/security/token/index.js';
import type { RpcError } from '../../../../gateway/status/index.js';
import { until } from '../../../support/http.js';
import { type Issuer, issuerKey, openIssuer } from '../../../support/issuer.js';

/** A check whose two clocks go when the test says so. */
async function open(t: Test, issuer: Issuer, more: Partial<TokenSettings> = {}, keys: object = {}) {
  let passed = 0;
  const begun = Date.now();
  const events: string[] = [];
  const check = await TokenCheck.open(
    {
      issuers: [{ issuer: issuer.issuer, audience: ['sluice'], keys: { jwksUrl: issuer.jwksUrl, ...keys } }],
      ...more,
    },
    {
      now: () => begun + passed,
      elapsed: () => passed,
      eventsOf: () => ({
        loaded: (count) => events.push(`loaded ${count}`),
        failed: (problem) => events.push(`failed: ${problem}`),
      }),
    },
  );
  t.teardown(() => check.close());
  const reasonOf = async (token: string) => {
    try {
      return (await check.check(token)).subject;
    } catch (reason) {
      return (reason as RpcError).reason;
    }
  };
  const pass = (ms: number) => {
    passed += ms;
  };
  return { check, reasonOf, pass, events };
}

t.test(
  'a token that was accepted is remembered until it ends, and checked once however many ask',
  async (t) => {
    const key = await issuerKey('a');
    const issuer = await openIssuer(t, [key]);
    const { check, pass, reasonOf } = await open(t, issuer);
    const token = await issuer.sign(key);
    const first = check.check(token);
    t.ok(first instanceof Promise);
    t.equal(check.check(token), first, 'those who ask meanwhile wait for the same');
    const principal = await first;
    t.equal(check.check(token), principal, 'at once');
    t.match(principal, { issuer: issuer.issuer, subject: 'alice', tenant: undefined, isAnonymous: false });
    pass(604_000);
    t.equal(await reasonOf(token), 'alice', 'within the tolerance');
    pass(2_000);
    t.equal(await reasonOf(token), 'CREDENTIAL_INVALID');
  },
);

t.test('a new key is found at once, and unknown ones become one fetch in 30 s', async (t) => {
  const [old, next, unknown] = [await issuerKey('old'), await issuerKey('next'), await issuerKey('none')];
  const issuer = await openIssuer(t, [old]);
  const { reasonOf, pass } = await open(t, issuer);
  const before = await issuer.sign(old);
  t.equal(await reasonOf(before), 'alice');
  issuer.keys = [old.jwk, next.jwk];
  t.equal(await reasonOf(await issuer.sign(next)), 'alice');
  t.equal(issuer.fetches, 2);
  const flood = await Promise.all(
    Array.from({ length: 200 }, (_, n) => issuer.sign(unknown, {}, { kid: `none-${n}` })),
  );
  for (let round = 0; round < 3; round += 1) {
    const reasons = await Promise.all(flood.map(reasonOf));
    t.same([...new Set(reasons)], ['CREDENTIAL_INVALID']);
    pass(9_000);
  }
  t.equal(issuer.fetches, 2, 'none within 30 s of the last one');
  pass(5_000);
  await Promise.all(flood.map(reasonOf));
  t.equal(issuer.fetches, 3, 'one for all of them');
  issuer.keys = [next.jwk];
  t.equal(await reasonOf(before), 'alice', 'it is not known yet that the old one has gone');
  pass(31_000);
  await reasonOf(await issuer.sign(unknown, {}, { kid: 'other' }));
  t.equal(await reasonOf(before), 'CREDENTIAL_INVALID', 'what it has signed goes with it');
});

t.test('a token that was refused is accepted as soon as its key is there', async (t) => {
  const [old, next] = [await issuerKey('old'), await issuerKey('next')];
  const issuer = await openIssuer(t, [old]);
  const { reasonOf, pass } = await open(t, issuer);
  const token = await issuer.sign(next);
  t.equal(await reasonOf(token), 'CREDENTIAL_INVALID');
  issuer.keys = [old.jwk, next.jwk];
  t.equal(await reasonOf(token), 'CREDENTIAL_INVALID', 'asked 30 s ago at the earliest');
  pass(30_000);
  t.equal(await reasonOf(token), 'alice');
});

t.test('keys are looked for again after 10 min, and the last good ones count for 1 h', async (t) => {
  const [key, unknown] = [await issuerKey('a'), await issuerKey('b')];
  const issuer = await openIssuer(t, [key]);
  const { reasonOf, pass, events } = await open(t, issuer);
  const token = () => issuer.sign(key, { exp: Math.floor(Date.now() / 1_000) + 90_000 });
  const kept = await token();
  t.equal(await reasonOf(kept), 'alice');
  t.equal(issuer.fetches, 1);
  issuer.answer = (_request, response) => response.writeHead(500).end();
  pass(599_000);
  t.equal(await reasonOf(await token()), 'alice');
  t.equal(issuer.fetches, 1);
  pass(2_000);
  t.equal(await reasonOf(await token()), 'alice', 'it does not wait for the new ones');
  await until(t, 'a fetch', () => issuer.fetches === 2 && events.length === 2);
  for (let n = 0; n < 20; n += 1) await reasonOf(await token());
  t.equal(issuer.fetches, 2, 'one that failed is not tried again at once');
  t.equal(await reasonOf(await issuer.sign(unknown)), 'KEYS_UNREACHABLE', 'it may be good');
  pass(2_998_000);
  t.equal(await reasonOf(kept), 'alice', 'just before the hour is over');
  pass(2_000);
  t.equal(await reasonOf(kept), 'KEYS_UNREACHABLE', 'also one that was accepted before');
  const failed = issuer.fetches;
  for (let n = 0; n < 20; n += 1) t.equal(await reasonOf(await token()), 'KEYS_UNREACHABLE');
  t.ok(issuer.fetches - failed <= 1, 'one fetch in 5 s');
  issuer.answer = undefined;
  pass(5_000);
  t.equal(await reasonOf(kept), 'alice', 'as soon as they are back');
  t.same(events, ['loaded 1', 'failed: it was answered with HTTP status 500'], 'told once');
});

t.test('what is no key set is none, and the answer is 503', async (t) => {
  const key = await issuerKey('a');
  const elsewhere = await openIssuer(t, [key]);
  const jwks = JSON.stringify({ keys: [key.jwk] });
  const answers: [what: string, answer: NonNullable<Issuer['answer']>, problem: RegExp][] = [
    ['HTML', (_, response) => response.end('<html>sign in</html>'), /is not JSON/],
    ['a list', (_, response) => response.end('[]'), /no list "keys"/],
    ['null', (_, response) => response.end('null'), /no list "keys"/],
    ['no keys', (_, response) => response.end('{"keys":[]}'), /it has no keys/],
    ['404', (_, response) => response.writeHead(404).end(jwks), /404/],
    ['a redirect', (_, response) => response.writeHead(302, { location: elsewhere.jwksUrl }).end(), /302/],
    [
      'too many',
      (_, response) => response.end(JSON.stringify({ keys: Array(10_000).fill(key.jwk) })),
      /more than 100 keys|larger than/,
    ],
    ['huge', (_, response) => response.end(`{"x":"${'x'.repeat(2_000_000)}"}`), /larger than 1048576 bytes/],
    [
      'endless',
      (_, response) => {
        const timer = setInterval(() => response.write(' '.repeat(100_000)), 1);
        response.on('close', () => clearInterval(timer));
      },
      /larger than/,
    ],
    [
      'cut',
      (_, response) => {
        response.writeHead(200, { 'content-length': '1000' });
        response.write('{');
        setImmediate(() => response.destroy());
      },
      /./,
    ],
    ['reset', (request) => request.socket.destroy(), /./],
  ];
  for (const [what, answer, problem] of answers) {
    const issuer = await openIssuer(t, [key]);
    issuer.answer = answer;
    const { reasonOf, events } = await open(t, issuer);
    t.equal(await reasonOf(await issuer.sign(key)), 'KEYS_UNREACHABLE', what);
    t.match(events[0], problem, what);
  }
  t.equal(elsewhere.fetches, 0, 'no redirect is followed');
});

t.test('a silent issuer holds nobody for long, and closing ends the fetch', async (t) => {
  const key = await issuerKey('a');
  const issuer = await openIssuer(t, [key]);
  const asked = new Promise<import('node:http').ServerResponse>((resolve) => {
    issuer.answer = (_, response) => resolve(response);
  });
  const { check, reasonOf } = await open(t, issuer);
  const response = await asked;
  const waiting = reasonOf(await issuer.sign(key));
  const closed = once(response, 'close');
  check.close();
  await closed;
  t.equal(await waiting, 'KEYS_UNREACHABLE');
});

t.test('keys by discovery are of the very issuer, and by no other way', async (t) => {
  const key = await issuerKey('a');
  const other = await openIssuer(t, [key]);
  const settingsOf = async (description: (issuer: Issuer) => unknown) => {
    const issuer = await openIssuer(t, [key]);
    issuer.answer = (request, response) =>
      response.end(JSON.stringify(request.url === '/jwks' ? { keys: issuer.keys } : description(issuer)));
    const { reasonOf, events } = await open(t, issuer, {}, { jwksUrl: undefined, discovery: true });
    return [await reasonOf(await issuer.sign(key)), events[0]];
  };
  t.same(await settingsOf(({ issuer, jwksUrl }) => ({ issuer, jwks_uri: jwksUrl })), ['alice', 'loaded 1']);
  const bad: ((issuer: Issuer) => unknown)[] = [
    ({ jwksUrl }) => ({ issuer: other.issuer, jwks_uri: jwksUrl }),
    ({ issuer, jwksUrl }) => ({ issuer: `${issuer}/`, jwks_uri: jwksUrl }),
    ({ jwksUrl }) => ({ jwks_uri: jwksUrl }),
    ({ issuer }) => ({ issuer }),
    ({ issuer }) => ({ issuer, jwks_uri: 'file:///etc/passwd' }),
    ({ issuer }) => ({ issuer, jwks_uri: 'http://169.254.169.254/keys' }),
    ({ issuer }) => ({ issuer, jwks_uri: 7 }),
    () => null,
  ];
  for (const description of bad) t.match(await settingsOf(description), ['KEYS_UNREACHABLE', /description/]);
});

t.test('scopes, roles and tenants are the claims that are named', async (t) => {
  const key = await issuerKey('a');
  const issuer = await openIssuer(t, [key]);
  const { check, reasonOf } = await open(t, issuer, {
    scopesClaim: 'permissions',
    rolesClaim: 'realm_access.roles',
    tenantClaim: 'https://example.com/tenant',
  });
  const claims = { permissions: 'a b', realm_access: { roles: ['r'] } };
  const principal = await check.check(
    await issuer.sign(key, { ...claims, 'https://example.com/tenant': 't1' }),
  );
  t.same([...principal.scopes, ...principal.roles, principal.tenant], ['a', 'b', 'r', 't1']);
  for (const tenant of [undefined, '', 7, ['t1'], 't'.repeat(257)])
    t.equal(
      await reasonOf(await issuer.sign(key, { 'https://example.com/tenant': tenant })),
      'CREDENTIAL_INVALID',
    );
});

t.test('no mutation of a good token gets in', async (t) => {
  const keys = [await issuerKey('es'), await issuerKey('rs', 'RS256'), await issuerKey('ed', 'EdDSA')];
  const issuer = await openIssuer(t, keys);
  const { reasonOf } = await open(t, issuer);
  const tokens = await Promise.all(keys.map((key) => issuer.sign(key)));
  for (const token of tokens) t.equal(await reasonOf(token), 'alice');
  const seed = 1 + (Date.now() % 1_000_000);
  let state = seed;
  const random = (below: number) => {
    state = (state * 48_271) % 2_147_483_647;
    return state % below;
  };
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.';
  const mutated = new Set<string>();
  for (const token of tokens) {
    // The last character has bits that say nothing.
    for (const letter of alphabet) mutated.add(token.slice(0, -1) + letter);
    for (let n = 0; n < 150; n += 1) {
      const at = random(token.length);
      const letter = alphabet[random(alphabet.length)] as string;
      const kind = random(3);
      mutated.add(token.slice(0, at) + (kind === 0 ? '' : letter) + token.slice(at + (kind === 2 ? 0 : 1)));
    }
  }
  for (const token of tokens) mutated.delete(token);
  for (const token of mutated)
    if ((await reasonOf(token)) !== 'CREDENTIAL_INVALID') t.fail(`seed ${seed}: ${token}`);
  t.ok(mutated.size > 300);
});
