import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createLocalJWKSet, createRemoteJWKSet, decodeProtectedHeader, jwtVerify } from 'jose';
import t, { type Test } from 'tap';
import { parseConfig } from '../../../gateway/server/config/index.js';
import { bytes, method, openForeign } from '../../support/foreign.js';
import { http, until } from '../../support/http.js';
import { connectHttp2 } from '../../support/http2-client.js';
import { issuerKey, openIssuer } from '../../support/issuer.js';
import { authSurfaces } from './identity-surfaces.js';

const pem = (key: KeyObject) => key.export({ type: 'pkcs8', format: 'pem' }) as string;
const ecKey = () => generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;

async function setUp(t: Test, key: string, sign = '', more = '') {
  const es = await issuerKey('es');
  const issuer = await openIssuer(t, [es]);
  const keyFile = join(t.testdir({ 'key.pem': key }), 'key.pem');
  chmodSync(keyFile, 0o600);
  const text = `auth:
  issuers: [{ issuer: "${issuer.issuer}", audience: [sluice], keys: { jwksUrl: "${issuer.jwksUrl}" } }]
  tenantClaim: org
  sign: { keyFile: ${JSON.stringify(keyFile)}, issuer: "https://gateway.example"${sign} }
${more}`;
  const config = await parseConfig(text, 'test.yaml');
  const one = [{ out: await bytes({ text: 'a' }) }] as const;
  const foreign = await openForeign(t, { Ask: one, Down: one, Up: one, Fetch: one }, { config });
  const token = (claims = {}) => issuer.sign(es, { org: 'acme', ...claims });
  /** What the service got as `authorization`, call by call. */
  const got = (name = 'Ask') =>
    foreign.upstream
      .calls(method(name))
      .map(({ metadata }) => metadata.filter(([one]) => one === 'authorization').map(([, value]) => value));
  const keys = async () =>
    JSON.parse((await http(`${foreign.url}/_sluice/jwks.json`)).text) as { keys: object[] };
  return { issuer, es, foreign, keyFile, text, token, got, keys };
}

const bare = (values: readonly string[] | undefined) => String(values?.[0]).replace(/^Bearer /, '');

/** The file is looked at once a second, by whoever comes. */
async function eventually(condition: () => Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 50));
}

t.test('on every surface the service gets our token, and never that of the client', async (t) => {
  const { foreign, token, got, issuer } = await setUp(t, pem(ecKey()));
  const surfaces = authSurfaces(foreign.url, connectHttp2(t, foreign.url));
  const given = await token({ scope: 'read write', roles: ['admin'] });
  const published = createRemoteJWKSet(new URL(`${foreign.url}/_sluice/jwks.json`));
  for (const [name, call] of Object.entries(surfaces)) {
    if (['document', 'services', 'session', 'websocket'].includes(name)) continue;
    const before = got('Ask').length + got('Down').length + got('Fetch').length;
    await call([`Bearer ${given}`]);
    const after = got('Ask').length + got('Down').length + got('Fetch').length;
    t.equal(after, before + 1, `${name}: is called`);
  }
  const all = [...got('Ask'), ...got('Down'), ...got('Fetch')];
  for (const values of all) t.equal(values.length, 1);
  t.equal(new Set(all.map(bare)).size, 1, 'one signature for all of them');
  const { payload, protectedHeader } = await jwtVerify(bare(all[0]), published, {
    issuer: 'https://gateway.example',
    audience: 'foreign.v1.Foreign',
  });
  t.match(payload, { sub: 'alice', tenant: 'acme', scope: 'read write', roles: ['admin'] });
  t.same(payload.sub_id, { format: 'iss_sub', iss: issuer.issuer, sub: 'alice' });
  t.equal((payload.exp ?? 0) - (payload.iat ?? 0), 60);
  t.equal(protectedHeader.alg, 'ES256');
  t.notOk(JSON.stringify(foreign.lines).includes(bare(all[0])), 'in no line of the log');
});

t.test('who is anonymous has none, whatever the client sends', async (t) => {
  const { foreign, got } = await setUp(
    t,
    pem(ecKey()),
    '',
    'methods: { foreign.v1.Foreign/Ask: { access: public } }\n',
  );
  for (const headers of [{}, { 'grpc-metadata-authorization': 'Bearer x' }]) {
    const all = { 'content-type': 'application/json', ...headers };
    t.equal((await http(foreign.url + method('Ask'), { headers: all, body: '{}' })).status, 200);
  }
  t.same(got(), [[], []]);
});

t.test(
  'other principals have other tokens, that end with the credential and are for the audience',
  async (t) => {
    const sign = ', ttlSeconds: 300, audience: [orders, billing]';
    const { foreign, token, got } = await setUp(t, pem(generateKeyPairSync('ed25519').privateKey), sign);
    const now = Math.floor(Date.now() / 1_000);
    const call = async (claims: object) => {
      const headers = { 'content-type': 'application/json', authorization: `Bearer ${await token(claims)}` };
      t.equal((await http(foreign.url + method('Ask'), { headers, body: '{}' })).status, 200);
      const published = createRemoteJWKSet(new URL(`${foreign.url}/_sluice/jwks.json`));
      return (await jwtVerify(bare(got().at(-1)), published, { audience: 'billing' })).payload;
    };
    const soon = await call({ exp: now + 100 });
    t.equal(soon.exp, now + 100, 'never longer than what it stands for');
    t.match(await call({ sub: 'bob' }), { sub: 'bob', aud: ['orders', 'billing'] });
    t.match(await call({ org: 'other', scope: 'a' }), { tenant: 'other', scope: 'a' });
    const late = await call({ exp: now - 2 });
    t.ok((late.exp ?? 0) > now, 'one that is accepted because clocks differ');
  },
);

t.test('another key is used as soon as it is there, and the old one stays listed', async (t) => {
  const { foreign, token, got, keys, keyFile, text } = await setUp(t, pem(ecKey()));
  const headers = { 'content-type': 'application/json', authorization: `Bearer ${await token()}` };
  const call = async () => {
    await http(foreign.url + method('Ask'), { headers, body: '{}' });
    return bare(got().at(-1));
  };
  const first = await call();
  writeFileSync(keyFile, 'no key');
  await eventually(async () => {
    await call();
    return foreign.lines.some(({ msg }) => msg === 'signing key not loaded');
  });
  t.match(
    foreign.lines.find(({ msg }) => msg === 'signing key not loaded'),
    { level: 50, problem: /it is no private key/ },
  );
  t.equal(await call(), first, 'the old one stays');
  writeFileSync(keyFile, pem(ecKey()));
  await eventually(async () => (await keys()).keys.length === 2);
  const second = await call();
  t.not(decodeProtectedHeader(second).kid, decodeProtectedHeader(first).kid);
  const published = createLocalJWKSet((await keys()) as never);
  for (const one of [first, second]) await jwtVerify(one, published);
  // A reload opens the key anew.
  await foreign.gateway.reload({ config: await parseConfig(text, 'test.yaml'), schema: foreign.schema });
  await eventually(async () => (await keys()).keys.length === 2);
});

t.test('the keys are for everybody, and there are none without signing', async (t) => {
  const { foreign } = await setUp(t, pem(ecKey()));
  const answer = await http(`${foreign.url}/_sluice/jwks.json`);
  t.equal(answer.status, 200);
  t.equal(answer.headers['content-type'], 'application/jwk-set+json');
  t.equal(answer.headers['cache-control'], 'public, max-age=60');
  t.equal((await http(`${foreign.url}/_sluice/jwks.json`, { method: 'HEAD' })).status, 200);
  const other = await openForeign(t, {});
  t.equal((await http(`${other.url}/_sluice/jwks.json`)).status, 404);
});

t.test('a key that cannot be used stops the start', async (t) => {
  await t.rejects(setUp(t, 'c2VjcmV0'), { message: /^auth\.sign\.keyFile .*key\.pem: it is no private key/ });
});

t.test('a key that everybody on the machine can read is told', async (t) => {
  const { keyFile, text, foreign } = await setUp(t, pem(ecKey()));
  t.notOk(foreign.lines.some(({ msg }) => msg === 'signing key exposed'));
  chmodSync(keyFile, 0o644);
  const { lines } = await openForeign(t, {}, { config: await parseConfig(text, 'test.yaml') });
  await until(t, 'a warning', () => lines.some(({ msg }) => msg === 'signing key exposed'));
  t.match(
    lines.find(({ msg }) => msg === 'signing key exposed'),
    { level: 40, problem: /mode 0644/ },
  );
});

t.test('what is wrong with the settings is named', async (t) => {
  const cases: [text: string, problem: RegExp][] = [
    ['{}', /auth\.sign\.keyFile must be the name of a file with a private key/],
    ['{ keyFile: a }', /auth\.sign\.issuer must be what the tokens have in iss/],
    [
      '{ keyFile: a, issuer: b, ttlSeconds: 9 }',
      /ttlSeconds must be a whole number of seconds from 10 to 3600/,
    ],
    ['{ keyFile: a, issuer: b, audience: [] }', /auth\.sign\.audience/],
    ['{ keyFile: a, issuer: b, audience: 7 }', /auth\.sign\.audience must be a name, or a list/],
    ['{ keyFile: a, issuer: b, key: c }', /auth\.sign\.key is unknown/],
    [
      '{ keyFile: a, issuer: b }, forwardToken: true',
      /auth\.forwardToken must not be true beside auth\.sign/,
    ],
  ];
  for (const [text, problem] of cases)
    await t.rejects(parseConfig(`auth: { sign: ${text} }`, 'test.yaml'), { message: problem }, text);
});
