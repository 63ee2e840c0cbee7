import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createLocalJWKSet, decodeJwt, decodeProtectedHeader, jwtVerify } from 'jose';
import t, { type Test } from 'tap';
import { createPrincipal } from '../../../../gateway/security/index.js';
import { SignedTokens } from '../../../../gateway/security/token/index.js';

const pem = (key: KeyObject) => key.export({ type: 'pkcs8', format: 'pem' }) as string;
const ecKey = () => generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;

const principal = (subject: string, expiresAt?: number) =>
  createPrincipal({
    issuer: 'https://id.example',
    subject,
    tenant: undefined,
    scopes: [],
    roles: [],
    expiresAt,
    claims: {},
  });

const PATH = '/a.B/C';

async function open(t: Test, text: string, audience?: readonly string[]) {
  const keyFile = join(t.testdir({ key: text }), 'key');
  chmodSync(keyFile, 0o600);
  const clock = { now: Date.now(), elapsed: 0 };
  const told: string[] = [];
  const tokens = await SignedTokens.open(
    { keyFile, issuer: 'https://gateway.example', ttlSeconds: 60, audience },
    {
      events: {
        loaded: () => void told.push('loaded'),
        failed: (problem) => void told.push(problem),
        exposed: (problem) => void told.push(problem),
      },
      now: () => clock.now,
      elapsed: () => clock.elapsed,
    },
  );
  const published = async () => ({ keys: (await tokens.publicKeys()).map(({ jwk }) => jwk) });
  const pass = (ms: number) => {
    clock.now += ms;
    clock.elapsed += ms;
  };
  return { tokens, clock, told, published, keyFile, pass };
}

t.test('every kind of key signs, as PEM and as JWK', async (t) => {
  const kinds: [KeyObject, string][] = [
    [generateKeyPairSync('rsa', { modulusLength: 2_048 }).privateKey, 'RS256'],
    [ecKey(), 'ES256'],
    [generateKeyPairSync('ec', { namedCurve: 'P-384' }).privateKey, 'ES384'],
    [generateKeyPairSync('ec', { namedCurve: 'P-521' }).privateKey, 'ES512'],
    [generateKeyPairSync('ed25519').privateKey, 'EdDSA'],
  ];
  for (const [key, alg] of kinds) {
    const kids = new Set<string>();
    for (const text of [pem(key), JSON.stringify({ ...key.export({ format: 'jwk' }), kid: 'mine' })]) {
      const { tokens, published } = await open(t, text);
      const signed = await tokens.tokenOf(principal('alice'), PATH);
      const keys = await published();
      t.notMatch(JSON.stringify(keys), /"(d|p|q|dp|dq|qi)":/, `${alg}: only what is public`);
      kids.add(String(decodeProtectedHeader(signed).kid));
      await jwtVerify(signed, createLocalJWKSet(keys as never), { algorithms: [alg], audience: 'a.B' });
    }
    t.equal(kids.size, 1, `${alg}: the same name for the same key`);
  }
  const rsa = kinds[0]?.[0].export({ format: 'jwk' });
  const { tokens } = await open(t, JSON.stringify({ ...rsa, alg: 'PS384' }));
  t.equal(decodeProtectedHeader(await tokens.tokenOf(principal('alice'), PATH)).alg, 'PS384');
});

t.test('a key that cannot be used is refused, and not told', async (t) => {
  const rsa = generateKeyPairSync('rsa', { modulusLength: 1_024 }).privateKey;
  const secret = ecKey().export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'hush' });
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'secp256k1' });
  const jwk = ecKey().export({ format: 'jwk' });
  const cases: [text: string, problem: RegExp][] = [
    ['', /it is no private key/],
    ['c2VjcmV0', /it is no private key/],
    ['{"kty":"oct","k":"c2VjcmV0"}', /it is no private key/],
    ['{"kty":', /it begins with \{ and is not JSON/],
    [JSON.stringify({ keys: [jwk] }), /it is a set of keys/],
    [JSON.stringify({ ...jwk, alg: 'RS256' }), /alg: must be ES256 for such a key/],
    [JSON.stringify({ ...jwk, use: 'enc' }), /use: must be sig/],
    [JSON.stringify({ ...jwk, d: undefined }), /it is no private key/],
    [publicKey.export({ type: 'spki', format: 'pem' }) as string, /it is no private key/],
    [pem(privateKey), /it must be a key of the kind RSA, EC/],
    [pem(rsa), /at least 2048 bits/],
    [secret as string, /it is encrypted/],
    ['x'.repeat(70_000), /larger than 65536 bytes/],
  ];
  for (const [text, problem] of cases) {
    const failed = await open(t, text).then(String, (reason: Error) => reason.message);
    t.match(failed, problem, text.slice(0, 30));
    t.match(failed, /^auth\.sign\.keyFile .*key: /);
    t.notMatch(failed, /c2VjcmV0/);
  }
});

t.test('one signature serves until shortly before it ends', async (t) => {
  const { tokens, pass } = await open(t, pem(ecKey()));
  const [alice, bob] = [principal('alice'), principal('bob')];
  const signing = tokens.tokenOf(alice, PATH);
  t.equal(tokens.tokenOf(alice, PATH), signing, 'whoever asks meanwhile waits for the same one');
  const first = await signing;
  t.equal(tokens.tokenOf(alice, '/a.B/D'), first, 'another method');
  t.not(await tokens.tokenOf(alice, '/a.C/D'), first, 'another service');
  t.not(await tokens.tokenOf(bob, PATH), first);
  pass(49_000);
  t.equal(tokens.tokenOf(alice, PATH), first);
  pass(2_000);
  const second = await tokens.tokenOf(alice, PATH);
  t.ok((decodeJwt(second).exp ?? 0) > (decodeJwt(first).exp ?? 0));
});

t.test('with an audience of its own one signature serves every service', async (t) => {
  const { tokens } = await open(t, pem(ecKey()), ['x', 'y']);
  const alice = principal('alice');
  const first = await tokens.tokenOf(alice, PATH);
  t.equal(tokens.tokenOf(alice, '/a.C/D'), first);
  t.same(decodeJwt(first).aud, ['x', 'y']);
});

t.test('it ends with the credential it stands for', async (t) => {
  const { tokens, clock } = await open(t, pem(ecKey()));
  const at = async (ms: number) =>
    decodeJwt(await tokens.tokenOf(principal('a', clock.now + ms), PATH)).exp as number;
  const seconds = (ms: number) => Math.floor((clock.now + ms) / 1_000);
  t.equal(await at(30_000), seconds(30_000));
  t.equal(await at(600_000), seconds(60_000));
  t.equal(await at(-3_000), seconds(5_000), 'one that clocks which differ let in');
});

t.test('an old key is listed as long as its tokens last, a broken file changes nothing', async (t) => {
  const { tokens, published, keyFile, told, pass } = await open(t, pem(ecKey()));
  const alice = principal('alice');
  const first = await tokens.tokenOf(alice, PATH);
  pass(1_001);
  writeFileSync(keyFile, 'nothing');
  t.equal((await published()).keys.length, 1);
  pass(1_001);
  t.equal((await published()).keys.length, 1);
  t.same(told, ['it is no private key: neither PEM (PKCS#8) nor a JSON Web Key with its private part']);
  writeFileSync(keyFile, pem(ecKey()));
  t.equal((await published()).keys.length, 1, 'looked at once a second');
  pass(1_001);
  const both = await published();
  t.equal(both.keys.length, 2);
  t.same(told.slice(1), ['loaded']);
  const second = await tokens.tokenOf(alice, PATH);
  t.not(decodeProtectedHeader(second).kid, decodeProtectedHeader(first).kid, 'the new one signs at once');
  t.equal(both.keys[0]?.kid, decodeProtectedHeader(second).kid);
  for (const one of [first, second]) await jwtVerify(one, createLocalJWKSet(both as never));
  pass(59_000);
  t.equal((await published()).keys.length, 2);
  pass(1_001);
  t.equal((await published()).keys.length, 1);
  // Back again: never listed twice.
  chmodSync(keyFile, 0o604);
  pass(1_001);
  await published();
  t.match(told.at(-1), /can read it \(mode 0604\)/);
});

t.test('what was used before is taken over', async (t) => {
  const before = await open(t, pem(ecKey()));
  const next = await open(t, pem(ecKey()));
  await next.tokens.adopt(before.tokens);
  t.equal((await next.published()).keys.length, 2);
  next.pass(60_001);
  t.equal((await next.published()).keys.length, 1);
});
