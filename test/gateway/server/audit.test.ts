import t, { type Test } from 'tap';
import { parseConfig } from '../../../gateway/server/config/index.js';
import { openAuthzService } from '../../support/authz-service.js';
import { bytes, type Foreign, method, openForeign } from '../../support/foreign.js';
import { http, until } from '../../support/http.js';
import { connectHttp2 } from '../../support/http2-client.js';
import { issuerKey, openIssuer } from '../../support/issuer.js';
import { openSession } from '../../support/session.js';
import { authSurfaces } from './identity-surfaces.js';

const RULES = `
methods:
  foreign.v1.Foreign/Ask: { access: { scopes: [read] } }
  foreign.v1.Foreign/Down: { access: public }
`;

async function setUp(t: Test, more = '', rules = RULES) {
  const key = await issuerKey('es');
  const issuer = await openIssuer(t, [key]);
  const text = `auth:\n  issuers: [{ issuer: "${issuer.issuer}", audience: [sluice], keys: { jwksUrl: "${issuer.jwksUrl}" } }]\n${more}${rules}`;
  const config = await parseConfig(text, 'test.yaml');
  const one = [{ out: await bytes({ text: 'a' }) }] as const;
  const foreign = await openForeign(t, { Ask: one, Down: one, Up: one }, { config });
  return { key, issuer, foreign };
}

/** The lines of decisions since the last look, without what differs from run to run. */
function decisionsOf({ lines }: Foreign) {
  let seen = 0;
  return () => {
    const fresh = lines.slice(seen).filter(({ msg }) => msg === 'access');
    seen = lines.length;
    return fresh;
  };
}

t.test('each decision is one line, with who, what and why, on every surface', async (t) => {
  const { key, issuer, foreign } = await setUp(t);
  const surfaces = authSurfaces(foreign.url, connectHttp2(t, foreign.url));
  const good = [`Bearer ${await issuer.sign(key, { scope: 'read' })}`];
  const other = [`Bearer ${await issuer.sign(key, { scope: 'write' })}`];
  const fresh = decisionsOf(foreign);
  for (const [name, call] of Object.entries(surfaces)) {
    const isOwn = name === 'document' || name === 'services';
    const isSession = name === 'session call';
    // SSE and the like are for the stream, which is public.
    const ofMethod = ['sse', 'ndjson', 'array'].includes(name) ? 'Down' : 'Ask';
    const path = `foreign.v1.Foreign/${ofMethod}`;
    await call(good);
    // A session has a decision of its own before that of its call.
    if (isSession) t.match(fresh()[0], { decision: 'admitted', path: '/_sluice/session' }, name);
    else {
      const lines = fresh();
      t.equal(lines.length, 1, `${name}: one line`);
      const by =
        name === 'session' ? undefined : isOwn ? 'authenticated' : ofMethod === 'Down' ? 'public' : 'scopes';
      const expected = {
        decision: 'admitted',
        principal: 'alice',
        issuer: issuer.issuer,
        credential: 'token',
      };
      t.match(lines[0], { ...expected, level: 30, by, peer: '127.0.0.1', requestId: /./ }, name);
      if (!isOwn && name !== 'session') t.equal(lines[0]?.method, path, name);
      else t.match(lines[0]?.path, /^\/_sluice\//, name);
    }
    await call([]);
    const [anonymous] = fresh().slice(-1);
    const isOpen = ofMethod === 'Down' || name === 'session';
    t.match(
      anonymous,
      isOpen
        ? { decision: 'admitted', principal: undefined, credential: undefined }
        : { decision: 'refused', reason: 'CREDENTIAL_NEEDED', code: 'UNAUTHENTICATED' },
      `${name}: without one`,
    );
    await call(['Bearer a.b.c']);
    const [bad] = fresh().slice(-1);
    t.match(
      bad,
      { decision: 'refused', reason: 'CREDENTIAL_INVALID', problem: /./, credential: 'token' },
      `${name}: a bad one`,
    );
    if (isOwn || name === 'session' || ofMethod === 'Down') continue;
    await call(other);
    t.match(
      fresh().slice(-1),
      [
        {
          decision: 'refused',
          reason: 'ACCESS_DENIED',
          code: 'PERMISSION_DENIED',
          principal: 'alice',
          method: path,
          by: 'scopes',
          problem: /has no scope "read"/,
        },
      ],
      `${name}: another scope`,
    );
  }
  const requests = new Set(foreign.lines.map(({ msg }) => msg));
  t.ok(requests.has('request refused') && requests.has('call'), 'the lines of calls are there as before');
});

t.test('a ticket, and what it opens', async (t) => {
  const { key, issuer, foreign } = await setUp(t);
  const fresh = decisionsOf(foreign);
  const headers = { authorization: `Bearer ${await issuer.sign(key, { scope: 'read' })}` };
  const { ticket } = JSON.parse(
    (await http(`${foreign.url}/_sluice/ticket`, { method: 'POST', headers })).text,
  ) as { ticket: string };
  t.match(fresh(), [
    { decision: 'admitted', path: '/_sluice/ticket', principal: 'alice', credential: 'token' },
  ]);
  const events = () =>
    http(`${foreign.url}/foreign/down?ticket=${ticket}`, { headers: { accept: 'text/event-stream' } });
  await events();
  t.match(fresh(), [{ decision: 'admitted', principal: 'alice', credential: 'ticket' }]);
  await events();
  t.match(fresh(), [{ decision: 'refused', reason: 'CREDENTIAL_INVALID', credential: 'ticket' }]);
  await http(`${foreign.url}/_sluice/ticket`, { method: 'POST' });
  t.match(fresh(), [{ decision: 'refused', reason: 'CREDENTIAL_NEEDED', path: '/_sluice/ticket' }]);
  t.notOk(JSON.stringify(foreign.lines).includes(ticket));
});

t.test('what a session brings is decided as well', async (t) => {
  const { key, issuer, foreign } = await setUp(t);
  const fresh = decisionsOf(foreign);
  const session = await openSession(foreign.wsUrl);
  await session.send({ auth: { token: await issuer.sign(key, { scope: 'read' }) } });
  await until(t, 'the decision', () => foreign.lines.some(({ principal }) => principal === 'alice'));
  t.match(fresh(), [
    { decision: 'admitted', path: '/_sluice/session', principal: undefined },
    { decision: 'admitted', path: '/_sluice/session', principal: 'alice', credential: 'token' },
  ]);
  await session.send({ auth: { token: await issuer.sign(key, { sub: 'bob' }) } });
  await until(t, 'a refusal', () => foreign.lines.some(({ decision }) => decision === 'refused'));
  t.match(fresh(), [{ decision: 'refused', principal: 'bob', reason: 'CREDENTIAL_INVALID' }]);
});

t.test('the authorization service is named, whatever it says', async (t) => {
  const authz = await openAuthzService(t);
  const { key, issuer, foreign } = await setUp(
    t,
    `  extAuthz: { target: "${authz.target}", timeoutMs: 10000 }\n`,
  );
  const fresh = decisionsOf(foreign);
  const headers = {
    'content-type': 'application/json',
    authorization: `Bearer ${await issuer.sign(key, { scope: 'read' })}`,
  };
  const call = () => http(foreign.url + method('Ask'), { headers, body: '{}' });
  await call();
  t.match(fresh(), [{ decision: 'admitted', by: 'scopes, authorization service' }]);
  authz.policy = () => ({ status: { code: 7 }, deniedResponse: { body: 'no' } });
  await call();
  t.match(fresh(), [
    { decision: 'refused', by: 'scopes, authorization service', reason: 'AUTHORIZATION_DENIED' },
  ]);
  authz.stop();
  await call();
  t.match(fresh(), [{ decision: 'refused', reason: 'AUTHORIZATION_UNREACHABLE', code: 'UNAVAILABLE' }]);
});

t.test('without identity there is no decision, and audit: false writes none', async (t) => {
  const { foreign } = await setUp(t, '  audit: false\n');
  await http(foreign.url + method('Down'), { headers: { 'content-type': 'application/json' }, body: '{}' });
  const open = await openForeign(t, { Ask: [{ out: await bytes({ text: 'a' }) }] });
  await http(open.url + method('Ask'), { headers: { 'content-type': 'application/json' }, body: '{}' });
  for (const { lines } of [foreign, open]) {
    t.ok(lines.some(({ msg }) => msg === 'call'));
    t.notOk(lines.some(({ msg }) => msg === 'access'));
  }
  await t.rejects(parseConfig('auth: { audit: on }', 'test.yaml'), {
    message: /auth\.audit must be true or false/,
  });
});

t.test('what is wrong with a request is no decision of access', async (t) => {
  const { key, issuer, foreign } = await setUp(t);
  const headers = {
    'content-type': 'application/json',
    authorization: `Bearer ${await issuer.sign(key, { scope: 'read' })}`,
  };
  await http(`${foreign.url}/no/such/path`, { headers, body: '{}' });
  t.notOk(foreign.lines.some(({ msg }) => msg === 'access'));
});

t.test(
  'a flood of refusals does not fill the log: who is let in has each line, and all others are counted',
  async (t) => {
    const { key, issuer, foreign } = await setUp(t);
    const headers = (token: string) => ({
      'content-type': 'application/json',
      authorization: `Bearer ${token}`,
    });
    const [good, other] = [
      await issuer.sign(key, { scope: 'read' }),
      await issuer.sign(key, { scope: 'write' }),
    ];
    const ask = (token: string) => http(foreign.url + method('Ask'), { headers: headers(token), body: '{}' });
    const session = await openSession(foreign.wsUrl, 'sluice.v1.json', {
      headers: { authorization: `Bearer ${good}` },
    });
    const FLOOD = 600;
    for (let n = 1; n <= FLOOD; n += 1) {
      const id = 3 * n;
      await ask('a.b.c');
      await ask(other);
      await session.send({
        open: { id, method: 'foreign.v1.Foreign/Ask', metadata: { authorization: 'Bearer a.b.c' } },
      });
      await session.all(id);
      if (n % 10 === 0) await ask(good);
    }
    const lines = () => foreign.lines.filter(({ msg }) => /^access/.test(msg as string));
    const admitted = lines().filter(({ decision }) => decision === 'admitted');
    t.equal(admitted.length, 1 + FLOOD / 10, 'who is let in');
    await foreign.gateway.close();
    for (const [reason, count] of [
      ['CREDENTIAL_INVALID', 2 * FLOOD],
      ['ACCESS_DENIED', FLOOD],
    ] as const) {
      const own = lines().filter((line) => line.reason === reason);
      t.ok(own.length < count / 2, `${own.length} lines of ${count} refusals`);
      const told = own.reduce((sum, line) => sum + Number(line.refused ?? 1), 0);
      t.equal(told, count, `${reason}: each is counted once`);
    }
  },
);
