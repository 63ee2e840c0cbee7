import { createHmac, KeyObject, randomBytes, sign as signBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CompactEncrypt, exportSPKI, importJWK } from 'jose';
import t from 'tap';
import { parseConfig } from '../../../gateway/server/config/index.js';
import { bytes, method, openForeign } from '../../support/foreign.js';
import { http, until } from '../../support/http.js';
import { connectHttp2 } from '../../support/http2-client.js';
import { type Issuer, type IssuerKey, issuerKey, openIssuer } from '../../support/issuer.js';
import { authSurfaces } from './identity-surfaces.js';

const text = (value: unknown) =>
  Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');

const SECRET = randomBytes(32).toString('hex');

/** Credentials that must not get in, by what is wrong with them; each is the values of `authorization`. */
async function badCredentials(issuer: Issuer, other: Issuer, keys: Record<string, IssuerKey>) {
  const { rs, es, ed, stranger } = keys as Record<'rs' | 'es' | 'ed' | 'stranger', IssuerKey>;
  const now = Math.floor(Date.now() / 1_000);
  const good = await issuer.sign(es);
  const [head = '', claims = '', signature = ''] = good.split('.');
  const said = { iss: issuer.issuer, aud: 'sluice', sub: 'mallory', iat: now, exp: now + 600 };
  const hmac = (secret: string | Buffer, header: object = { alg: 'HS256' }) => {
    const signed = `${text(header)}.${text(said)}`;
    return `${signed}.${createHmac('sha256', secret).update(signed).digest('base64url')}`;
  };
  const spki = await exportSPKI((await importJWK(rs.jwk, 'RS256')) as never);
  const encrypted = await new CompactEncrypt(Buffer.from(JSON.stringify(said)))
    .setProtectedHeader({ alg: 'dir', enc: 'A256GCM' })
    .encrypt(randomBytes(32));
  /** Signed with our key as it is written, whatever it is. */
  const signed = (header: unknown, payload: unknown, dsaEncoding: 'ieee-p1363' | 'der' = 'ieee-p1363') => {
    const parts = `${text(header)}.${text(payload)}`;
    const key = KeyObject.from(es.privateKey as never);
    return `${parts}.${signBytes('sha256', Buffer.from(parts), { key, dsaEncoding }).toString('base64url')}`;
  };
  const es256 = { alg: 'ES256', kid: 'es' };
  const sign = (more: object, header: Record<string, unknown> = {}) => issuer.sign(es, more as never, header);
  const tokens: Record<string, string> = {
    'alg none': `${text({ alg: 'none' })}.${text(said)}.`,
    'alg none and a signature': `${text({ alg: 'none' })}.${text(said)}.${signature}`,
    'alg None': `${text({ alg: 'None' })}.${text(said)}.${signature}`,
    'no alg': `${text({})}.${text(said)}.${signature}`,
    'alg a number': `${text({ alg: 1 })}.${text(said)}.${signature}`,
    'HS256 with the public key': hmac(spki),
    'HS256 with the public key, kid': hmac(spki, { alg: 'HS256', kid: 'rs' }),
    'HS256 with the JWK': hmac(JSON.stringify(rs.jwk), { alg: 'HS256', kid: 'rs' }),
    'HS256 with an empty secret': hmac(''),
    'HS256 with another secret': hmac(SECRET),
    'RS256 said, HS256 made': hmac(spki, { alg: 'RS256', kid: 'rs' }),
    'RS512, not configured': await issuer.sign({ ...rs, alg: 'RS512' } as never, {}, {}).catch(() => 'a.b.c'),
    'key of a stranger': await issuer.sign(stranger),
    "stranger's key under a known kid": await issuer.sign(stranger, {}, { kid: 'es' }),
    'stranger brings its key': await issuer.sign(stranger, {}, { jwk: stranger.jwk, kid: 'es' }),
    'stranger says where its key is': await issuer.sign(
      stranger,
      {},
      { jku: other.jwksUrl, kid: 'stranger' },
    ),
    x5u: await issuer.sign(stranger, {}, { x5u: other.jwksUrl }),
    'issuer that is not configured': await other.sign(stranger),
    'another issuer, our key': await sign({ iss: other.issuer }),
    'issuer with a slash': await sign({ iss: `${issuer.issuer}/` }),
    'issuer in capitals': await sign({ iss: issuer.issuer.toUpperCase() }),
    'no issuer': await sign({ iss: undefined }),
    'issuer in a list': await sign({ iss: [issuer.issuer] }),
    'another audience': await sign({ aud: 'others' }),
    'other audiences': await sign({ aud: ['a', 'b'] }),
    'no audience': await sign({ aud: undefined }),
    'audience in capitals': await sign({ aud: 'SLUICE' }),
    'an audience that begins so': await sign({ aud: 'sluice2' }),
    'audience a map': await sign({ aud: { sluice: true } }),
    expired: await sign({ exp: now - 60 }),
    'expired, just past the tolerance': await sign({ exp: now - 7 }),
    'no exp': await sign({ exp: undefined }),
    'exp a text': await sign({ exp: String(now + 600) }),
    'exp null': await sign({ exp: null }),
    'exp 0': await sign({ exp: 0 }),
    'not yet valid': await sign({ nbf: now + 60 }),
    'nbf a text': await sign({ nbf: 'now' }),
    'issued tomorrow': await sign({ iat: now + 86_400 }),
    'iat a text': await sign({ iat: 'now' }),
    'no sub': await sign({ sub: undefined }),
    'empty sub': await sign({ sub: '' }),
    'sub a number': await sign({ sub: 7 }),
    'sub a list': await sign({ sub: ['alice'] }),
    'sub of 257': await sign({ sub: 'a'.repeat(257) }),
    'typ of an id': await sign({}, { typ: 'dpop+jwt' }),
    'typ logout': await sign({}, { typ: 'logout+jwt' }),
    'typ a number': await sign({}, { typ: 1 as never }),
    nested: await sign({}, { cty: 'JWT' }),
    crit: `${text({ alg: 'ES256', kid: 'es', crit: ['b64'], b64: false })}.${text(said)}.${signature}`,
    'kid a path': await sign({}, { kid: '../../../../dev/null' }),
    'kid a query': await sign({}, { kid: "' OR 1=1 --" }),
    'kid a URL': await sign({}, { kid: other.jwksUrl }),
    'kid of 2,000': await sign({}, { kid: 'k'.repeat(2_000) }),
    'kid a number': `${text({ alg: 'ES256', kid: 1 })}.${claims}.${signature}`,
    'kid __proto__': await sign({}, { kid: '__proto__' }),
    'key for another algorithm': await issuer.sign(ed, {}, { kid: 'es' }),
    encrypted,
    'no signature': `${head}.${claims}.`,
    'two parts': `${head}.${claims}`,
    'four parts': `${good}.${signature}`,
    'one part': head,
    'other claims': `${head}.${text(said)}.${signature}`,
    'other head': `${text({ alg: 'ES256', kid: 'es', typ: 'JWT' })}.${claims}.${signature}`,
    'signature cut': good.slice(0, -1),
    'signature longer': `${good}A`,
    padded: `${good}==`,
    'base64 in place of base64url': `${head}.${claims}.+/${signature.slice(2)}`,
    'claims no JSON': `${head}.${text('no json')}.${signature}`,
    'claims a list': `${head}.${text([said])}.${signature}`,
    'head no JSON': `${text('{')}.${claims}.${signature}`,
    'head null': `${text('null')}.${claims}.${signature}`,
    'not UTF-8': `${head}.${Buffer.from([0x7b, 0xff, 0x7d]).toString('base64url')}.${signature}`,
    'a signature of zeros': `${head}.${claims}.${Buffer.alloc(64).toString('base64url')}`,
    'a signature in DER': signed(es256, said, 'der'),
    'a byte order mark before the head': signed(`\ufeff${JSON.stringify(es256)}`, said),
    'a byte order mark before the claims': signed(es256, `\ufeff${JSON.stringify(said)}`),
    'alg in lower case': signed({ ...es256, alg: 'es256' }, said),
    'alg in a list': signed({ ...es256, alg: ['ES256'] }, said),
    'alg twice': signed('{"alg":"ES256","kid":"es","alg":"none"}', said),
    'kid empty': signed({ ...es256, kid: '' }, said),
    'kid null': signed({ ...es256, kid: null }, said),
    'kid a map': signed({ ...es256, kid: {} }, said),
    'kid with a NUL': signed({ ...es256, kid: 'es\0' }, said),
    'exp a list': signed(es256, { ...said, exp: [now + 600] }),
    'exp true': signed(es256, { ...said, exp: true }),
    'exp below zero': signed(es256, { ...said, exp: -1 }),
    'exp without end': signed(es256, JSON.stringify(said).replace(/"exp":\d+/, '"exp":1e999')),
    'no audience in a list': signed(es256, { ...said, aud: [] }),
    'audience in two lists': signed(es256, { ...said, aud: [['sluice']] }),
    'issuer a map': signed(es256, { ...said, iss: { href: issuer.issuer } }),
    'sub in the prototype': signed(
      es256,
      JSON.stringify({ ...said, sub: undefined }).replace('{', '{"__proto__":{"sub":"alice"},'),
    ),
    'as JSON': text({ protected: head, payload: claims, signature }),
    'only dots': '..',
    rubbish: 'hello',
    '9 KiB': await sign({ x: 'x'.repeat(9_000), exp: now - 60 }),
  };
  const bad: Record<string, readonly string[]> = {
    'no token': ['Bearer'],
    'empty value': [''],
    'another scheme': ['Basic YWxpY2U6c2VjcmV0'],
    'scheme left out': [good],
    'two tokens in one': [`Bearer ${good} ${good}`],
    'two in a list': [`Bearer ${good}, Bearer ${good}`],
    'token with a tab': [`Bearer\t${good}`],
  };
  for (const [what, token] of Object.entries(tokens)) bad[what] = [`Bearer ${token}`];
  return { bad, good };
}

/** Those that get in. */
async function goodCredentials(issuer: Issuer, { rs, es, ed }: Record<string, IssuerKey>) {
  const now = Math.floor(Date.now() / 1_000);
  const signed = { rs, es, ed } as Record<'rs' | 'es' | 'ed', IssuerKey>;
  const tokens: Record<string, string> = {
    ES256: await issuer.sign(signed.es),
    RS256: await issuer.sign(signed.rs),
    EdDSA: await issuer.sign(signed.ed),
    'typ JWT': await issuer.sign(signed.es, {}, { typ: 'JWT' }),
    'typ at+jwt': await issuer.sign(signed.es, {}, { typ: 'at+JWT' }),
    'one of its audiences': await issuer.sign(signed.es, { aud: ['a', 'sluice'] }),
    'within the tolerance': await issuer.sign(signed.es, { exp: now + 60, nbf: now + 2, iat: now + 2 }),
    'without kid': await issuer.sign(signed.es, {}, { kid: undefined }),
    'sub of 256': await issuer.sign(signed.es, { sub: 'ä'.repeat(256) }),
    'unknown claims': await issuer.sign(signed.es, { x: { y: [1, null] } }),
  };
  return tokens;
}

async function setUp(t: Parameters<typeof openForeign>[0], more = '') {
  const keys = {
    rs: await issuerKey('rs', 'RS256'),
    es: await issuerKey('es'),
    ed: await issuerKey('ed', 'EdDSA'),
    stranger: await issuerKey('stranger'),
  };
  const issuer = await openIssuer(t, [keys.rs, keys.es, keys.ed]);
  const other = await openIssuer(t, [keys.stranger]);
  const config = await parseConfig(
    `auth:\n  issuers: [{ issuer: "${issuer.issuer}", audience: [sluice, api], keys: { jwksUrl: "${issuer.jwksUrl}" } }]\n${more}`,
    'test.yaml',
  );
  const item = await bytes({ text: 'a' });
  const one = [{ out: item }] as const;
  const foreign = await openForeign(t, { Ask: one, Down: one, Up: one }, { config });
  const surfaces = authSurfaces(foreign.url, connectHttp2(t, foreign.url));
  return { keys, issuer, other, foreign, surfaces };
}

t.test('exactly the right credentials get in on every surface, and a refusal tells nothing', async (t) => {
  const { keys, issuer, other, foreign, surfaces } = await setUp(t);
  const { bad } = await badCredentials(issuer, other, keys);
  const good = await goodCredentials(issuer, keys);
  t.ok(Object.keys(bad).length + Object.keys(good).length >= 80, 'the table is long');
  for (const [name, call] of Object.entries(surfaces)) {
    const tokens = Object.entries(good);
    const ins = await Promise.all(
      tokens.map(async ([what, token]) => [what, await call([`Bearer ${token}`])] as const),
    );
    for (const [what, { status, code }] of ins) {
      t.ok(status < 300 && (code ?? 0) === 0, `${name}: ${what}: in (${status})`);
    }
    const none = await call([]);
    if (name !== 'session') {
      t.match(none, { reason: 'CREDENTIAL_NEEDED' }, `${name}: none`);
      if (name !== 'session call') t.equal(none.challenge, 'Bearer', name);
    } else t.equal(none.status, 101, 'a session opens without one');
    const told = new Set<string>();
    const outcomes = await Promise.all(
      Object.entries(bad).map(async ([what, values]) => [what, await call(values)] as const),
    );
    for (const [what, outcome] of outcomes) {
      told.add(outcome.text);
      const { status, code, reason } = outcome;
      const isRefused = reason === 'CREDENTIAL_INVALID' && (status === 401 || code === 16);
      if (!isRefused) t.fail(`${name}: ${what}: ${JSON.stringify(outcome)}`);
      if (name !== 'session call') t.equal(outcome.challenge, 'Bearer error="invalid_token"');
    }
    t.equal(told.size, 1, `${name}: the answer is the same for all: ${[...told].slice(0, 2)}`);
  }
  t.equal(foreign.upstream.calls(method('Both')).length, 0);
  t.equal(other.fetches, 0, 'no token chooses where keys come from');
  t.ok(issuer.fetches <= 2, `${issuer.fetches} fetches`);
  const log = JSON.stringify(foreign.lines);
  for (const token of Object.values(good)) t.notOk(log.includes(token.slice(-40)), 'no token is in the log');
  const refused = foreign.lines.filter(({ reason }) => reason === 'CREDENTIAL_INVALID');
  t.ok(new Set(refused.map(({ problem }) => problem)).size > 15, 'the log says what is wrong');
  const calls = foreign.lines.filter(({ msg }) => msg === 'call');
  t.ok(
    calls.length > 0 &&
      calls.every(({ principal }) => principal === 'alice' || /^ä+$/.test(String(principal))),
  );
});

t.test('two authorization headers are refused, whatever they are', async (t) => {
  const { keys, issuer, surfaces } = await setUp(t);
  const token = `Bearer ${await issuer.sign(keys.es)}`;
  // Node's client of HTTP/2 sends no two of them.
  for (const name of ['json', 'json, Fastify', 'grpc-web', 'session', 'websocket', 'connect unary']) {
    const outcome = await surfaces[name]?.([token, token]);
    t.equal(outcome?.reason, 'CREDENTIAL_INVALID', name);
  }
});

t.test('access is what the most specific rule says, on every surface', async (t) => {
  const { keys, issuer, surfaces } = await setUp(
    t,
    `methods:
  foreign.v1.Foreign/*: { access: { scopes: [read, write] } }
  foreign.v1.Foreign/Down: { access: public }
  foreign.v1.Foreign/Up: { access: { roles: [admin, owner] } }
`,
  );
  const as = async (claims: object) => [`Bearer ${await issuer.sign(keys.es, claims as never)}`];
  const both = await as({ scope: 'read write' });
  const list = await as({ scope: ['write', 'read', 'x'] });
  const half = await as({ scope: 'read' });
  const owner = await as({ roles: ['owner'] });
  const bad = ['Bearer a.b.c'];
  const names = ['json', 'grpc-web', 'grpc', 'session call', 'websocket', 'sse', 'connect unary'];
  for (const name of names) {
    const call = surfaces[name];
    if (call === undefined) throw new Error(name);
    const reasonOf = async (values: readonly string[], of: string) => {
      const { reason = '' } = await call(values, of);
      // What a surface cannot do with a method is refused behind the access to it.
      return /^(?:CREDENTIAL_|ACCESS_|KEYS_)/.test(reason) ? reason : undefined;
    };
    t.equal(await reasonOf(both, 'Ask'), undefined, name);
    t.equal(await reasonOf(list, 'Ask'), undefined, name);
    t.match(await call(half, 'Ask'), { reason: 'ACCESS_DENIED' }, name);
    t.equal(await reasonOf(owner, 'Ask'), 'ACCESS_DENIED', name);
    t.equal(await reasonOf([], 'Ask'), 'CREDENTIAL_NEEDED', name);
    // Connect's unary calls are for unary methods.
    if (name === 'connect unary') continue;
    t.equal(await reasonOf([], 'Down'), undefined, `${name}: public`);
    t.equal(await reasonOf(bad, 'Down'), 'CREDENTIAL_INVALID', `${name}: who sends one wants to be known`);
    t.equal(await reasonOf(owner, 'Up'), undefined, name);
    t.equal(await reasonOf(both, 'Up'), 'ACCESS_DENIED', name);
  }
  t.match(await surfaces.json?.(half), { status: 403, code: 7 });
  t.match(await surfaces.grpc?.(half), { status: 200, code: 7 });
  t.match(await surfaces.grpc?.([]), { status: 200, code: 16 });
});

t.test('claims travel as metadata that no client can say, on every surface', async (t) => {
  const { keys, issuer, foreign, surfaces } = await setUp(
    t,
    '  forward: { sub: x-user-id, realm.team: x-team, name: x-name-bin }\n  forwardToken: false\n',
  );
  const token = await issuer.sign(keys.es, { realm: { team: 'red' }, name: 'Łukasz' });
  for (const name of ['json', 'json, Fastify', 'grpc-web', 'grpc', 'session call', 'connect unary']) {
    const before = foreign.upstream.calls(method('Ask')).length;
    await surfaces[name]?.([`Bearer ${token}`]);
    const call = foreign.upstream.calls(method('Ask'))[before];
    const all = Object.fromEntries((call?.metadata ?? []).map(([key, value]) => [key, value]));
    t.match(all, { 'x-user-id': 'alice', 'x-team': 'red' }, name);
    t.equal(Buffer.from(String(all['x-name-bin']), 'base64').toString(), 'Łukasz', name);
    t.equal(all.authorization, undefined, name);
  }
  const evil = {
    authorization: `Bearer ${token}`,
    'content-type': 'application/grpc-web+proto',
    'x-user-id': 'root',
    x_user_id: 'root',
    'x-user-id-bin': 'cm9vdA',
    'x-team': 'blue',
  };
  const before = foreign.upstream.calls(method('Ask')).length;
  await http(foreign.url + method('Ask'), { method: 'POST', headers: evil, body: Buffer.alloc(5) });
  await http(foreign.url + method('Ask'), {
    method: 'POST',
    headers: {
      authorization: `Bearer ${token}`,
      'content-type': 'application/json',
      'grpc-metadata-x-user-id': 'root',
      'grpc-metadata-x.team': 'blue',
    },
    body: '{}',
  });
  const calls = foreign.upstream.calls(method('Ask')).slice(before);
  t.equal(calls.length, 2);
  for (const { metadata } of calls) {
    const values = metadata.filter(([key]) => /user.id|team/.test(key));
    t.same(values.toSorted(), [
      ['x-team', 'red'],
      ['x-user-id', 'alice'],
    ]);
  }
});

t.test('a token travels, and what says that it is one but was not checked does not', async (t) => {
  const { keys, issuer, foreign, surfaces } = await setUp(
    t,
    'methods: { foreign.v1.Foreign/Ask: { access: public } }\n',
  );
  const token = await issuer.sign(keys.es);
  await surfaces.json?.([`bearer ${token}`]);
  const headers = { 'content-type': 'application/json', 'grpc-metadata-authorization': 'Bearer forged' };
  await http(foreign.url + method('Ask'), { method: 'POST', headers, body: '{}' });
  const [first, second] = foreign.upstream
    .calls(method('Ask'))
    .map(({ metadata }) => metadata.filter(([name]) => name === 'authorization'));
  t.same(first, [['authorization', `Bearer ${token}`]]);
  t.same(second, []);
});

t.test('a page of another origin can read a refusal, and its preflight needs no token', async (t) => {
  const issuer = await openIssuer(t, [await issuerKey('es')]);
  const config = await parseConfig(
    `auth: { issuers: [{ issuer: "${issuer.issuer}", audience: [a], keys: { discovery: true } }], documents: public }`,
    'test.yaml',
  );
  const { url } = await openForeign(t, {}, { config, allowOrigins: ['https://app.example.com'] });
  const origin = { origin: 'https://app.example.com' };
  const asked = {
    'access-control-request-method': 'POST',
    'access-control-request-headers': 'authorization',
  };
  const preflight = await http(url + method('Ask'), { method: 'OPTIONS', headers: { ...origin, ...asked } });
  t.equal(preflight.status, 204);
  const answer = await http(url + method('Ask'), {
    headers: { ...origin, 'content-type': 'application/json', authorization: 'Bearer x' },
    body: '{}',
  });
  t.equal(answer.status, 401);
  t.equal(answer.headers['access-control-allow-origin'], origin.origin);
  t.match(answer.headers['access-control-expose-headers'], /www-authenticate/);
  t.equal((await http(`${url}/_sluice/services`)).status, 200);
  t.equal((await http(`${url}/_sluice/types.d.ts`)).status, 200);
});

t.test(
  'the keys of an issuer out of reach are 503, and a client that leaves meanwhile leaves nothing',
  async (t) => {
    const es = await issuerKey('es');
    const issuer = await openIssuer(t, [es]);
    let held: (() => void)[] = [];
    issuer.answer = (_request, response) => {
      held.push(() => response.writeHead(500).end());
    };
    const config = await parseConfig(
      `auth: { issuers: [{ issuer: "${issuer.issuer}", audience: [sluice], keys: { jwksUrl: "${issuer.jwksUrl}" } }] }`,
      'test.yaml',
    );
    const { url, gateway, lines, upstream } = await openForeign(t, { Ask: [] }, { config });
    const surfaces = authSurfaces(url, connectHttp2(t, url));
    const token = `Bearer ${await issuer.sign(es)}`;
    await until(t, 'the keys are asked for', () => held.length === 1);
    const leaving = ['json', 'grpc', 'grpc-web'].map((name) => surfaces[name]?.([token]));
    const controller = new AbortController();
    const gone = fetch(url + method('Ask'), {
      method: 'POST',
      signal: controller.signal,
      headers: { authorization: token, 'content-type': 'application/json' },
      body: '{}',
    }).catch(() => 'gone');
    await new Promise((resolve) => setTimeout(resolve, 50));
    controller.abort();
    t.equal(await gone, 'gone');
    for (const answer of held) answer();
    held = [];
    for (const outcome of await Promise.all(leaving)) t.match(outcome, { reason: 'KEYS_UNREACHABLE' });
    const answer = await http(url + method('Ask'), {
      headers: { authorization: token, 'content-type': 'application/json' },
      body: '{}',
    });
    t.equal(answer.status, 503);
    t.match(answer.headers['retry-after'], /^\d+$/);
    t.equal(issuer.fetches, 1);
    t.equal(gateway.openExchanges, 0);
    t.equal(upstream.calls(method('Ask')).length, 0);
    t.match(
      lines.filter(({ msg }) => msg === 'keys of an issuer not loaded'),
      [{ issuer: issuer.issuer, problem: /500/ }],
    );
  },
);

t.test('HS256 has its secret from a file, and never from what is fetched', async (t) => {
  const secret = randomBytes(32);
  const file = join(t.testdir(), 'keys.json');
  writeFileSync(file, JSON.stringify({ keys: [{ kty: 'oct', k: secret.toString('base64url'), kid: 'k' }] }));
  const config = await parseConfig(
    `auth: { issuers: [{ issuer: me, audience: [sluice], algorithms: [HS256], keys: { file: ${JSON.stringify(file)} } }] }`,
    'test.yaml',
  );
  const { url, gateway } = await openForeign(t, { Ask: [{ out: await bytes({}) }] }, { config });
  const { json } = authSurfaces(url, connectHttp2(t, url));
  const make = (by: Buffer, kid: string) => {
    const exp = Math.floor(Date.now() / 1_000) + 60;
    const signed = `${text({ alg: 'HS256', kid })}.${text({ iss: 'me', aud: 'sluice', sub: 's', exp })}`;
    return [`Bearer ${signed}.${createHmac('sha256', by).update(signed).digest('base64url')}`];
  };
  t.equal((await json?.(make(secret, 'k')))?.status, 200);
  t.equal((await json?.(make(randomBytes(32), 'k')))?.status, 401);
  const next = randomBytes(32);
  writeFileSync(file, JSON.stringify({ keys: [{ kty: 'oct', k: next.toString('base64url'), kid: 'k' }] }));
  t.equal((await json?.(make(next, 'n')))?.status, 401, 'no such kid');
  await gateway.reload({ config, schema: (await openForeign(t, {})).schema });
  t.equal((await json?.(make(next, 'k')))?.status, 200, 'SIGHUP reads it again');
  t.equal((await json?.(make(secret, 'k')))?.status, 401, 'and what was signed before is not accepted');
  await t.rejects(
    gateway.reload({
      config: { auth: { issuers: [{ ...config.auth?.issuers?.[0], keys: { file: '/none' } }] } } as never,
    }),
    /auth\.issuers\.0\.keys\.file \/none/,
  );
  t.equal((await json?.(make(next, 'k')))?.status, 200, 'a reload that fails changes nothing');
});
