import t from 'tap';
import { parseConfig } from '../../../gateway/server/config/index.js';
import { ALLOW, type Check, openAuthzService, type Policy } from '../../support/authz-service.js';
import { bytes, method, openForeign } from '../../support/foreign.js';
import { http } from '../../support/http.js';
import { connectHttp2 } from '../../support/http2-client.js';
import { issuerKey, openIssuer } from '../../support/issuer.js';
import { openOf, openSession } from '../../support/session.js';
import { authSurfaces } from './identity-surfaces.js';

type Scope = Parameters<typeof openForeign>[0];
type Options = { policy?: Policy; authz?: string; auth?: string; methods?: string };

const headersOf = ({ attributes }: Check) => attributes.request.http.headers;
const PLEASE = ['let me in'];
/** A busy machine needs more than the default. */
const PATIENT = ', timeoutMs: 5000';

/** Lets in who says so. */
const BY_HEADER: Policy = (check) =>
  headersOf(check).authorization === PLEASE[0]
    ? ALLOW
    : { status: { code: 7 }, deniedResponse: { status: { code: 403 }, body: 'say please' } };

async function setUp(
  t: Scope,
  { policy = BY_HEADER, authz = PATIENT, auth = '', methods = '' }: Options = {},
) {
  const service = await openAuthzService(t, policy);
  const config = await parseConfig(
    `auth:\n  extAuthz: { target: "${service.target}"${authz} }\n${auth}${methods}`,
    'test.yaml',
  );
  const one = [{ out: await bytes({ text: 'a' }) }] as const;
  const foreign = await openForeign(t, { Ask: one, Down: one, Up: one, Fetch: one }, { config });
  return { service, foreign, surfaces: authSurfaces(foreign.url, connectHttp2(t, foreign.url)) };
}

const isIn = ({ status, code }: { status: number; code: number | undefined }) =>
  status < 300 && (code ?? 0) === 0;

/** A session is asked about for each of its calls, not for its handshake. */
const isAsked = (name: string) => name !== 'session';

t.test('every surface asks, and hands the denial to its client', async (t) => {
  const { service, foreign, surfaces } = await setUp(t);
  for (const [name, call] of Object.entries(surfaces)) {
    const before = service.checks.length;
    t.ok(isIn(await call(PLEASE)), `${name}: in`);
    const denied = await call([]);
    if (!isAsked(name)) {
      t.ok(isIn(denied), name);
      t.equal(service.checks.length, before, `${name}: nothing to ask`);
      continue;
    }
    t.equal(service.checks.length, before + 2, `${name}: asked each time`);
    t.equal(denied.reason, 'AUTHORIZATION_DENIED', name);
    t.match(denied.text, /say please|say%20please/, `${name}: the service's own words`);
    t.ok(denied.status === 403 || denied.code === 7, `${name}: ${denied.status} ${denied.code}`);
  }
  const asked = service.checks.map(({ attributes }) => attributes.contextExtensions.method);
  t.ok(asked.includes('foreign.v1.Foreign/Ask') && asked.includes('foreign.v1.Foreign/Down'));
  const [line] = foreign.lines.filter(({ reason }) => reason === 'AUTHORIZATION_DENIED');
  t.match(line?.problem, /the authorization service has refused it with 403/);
});

t.test('it is told who wants to do what', async (t) => {
  const { service, foreign } = await setUp(t, { policy: () => ALLOW });
  const answer = await http(`${foreign.url}/foreign/items/1?text=b%20c`, {
    headers: { 'X-Team': 'blue', 'x-request-id': 'r-1' },
  });
  t.equal(answer.status, 200);
  const [check] = service.checks;
  const host = new URL(foreign.url).host;
  t.match(check?.attributes, {
    source: { principal: '', address: { socketAddress: { address: '127.0.0.1' } } },
    request: {
      http: {
        id: answer.headers['x-request-id'],
        method: 'GET',
        path: '/foreign/items/1?text=b%20c',
        host,
        scheme: 'http',
        protocol: 'HTTP/1.1',
        size: '-1',
        headers: { 'x-team': 'blue', host },
      },
    },
    contextExtensions: { method: 'foreign.v1.Foreign/Ask' },
  });
  t.ok((check?.attributes.source.address.socketAddress.portValue ?? 0) > 0);
  t.ok(Math.abs(Number(check?.attributes.request.time.seconds) * 1_000 - Date.now()) < 60_000);
});

t.test(
  'headers that it sets replace those of the client; what it takes away, adds and answers',
  async (t) => {
    const value = (key: string, text: string, more = {}) => ({ header: { key, value: text }, ...more });
    const okResponse = {
      headers: [
        value('X-User', 'alice'),
        value('x-list', 'b', { append: { value: true } }),
        value('x-there', 'new', { appendAction: 'ADD_IF_ABSENT' }),
        value('x-new', 'new', { appendAction: 'ADD_IF_ABSENT' }),
        value('x-absent', 'new', { appendAction: 'OVERWRITE_IF_EXISTS' }),
        value('x-forwarded-for', '6.6.6.6'),
        value('content-length', '9'),
        value('x-bad', 'a\r\nb'),
      ],
      headersToRemove: ['X-Secret', 'x-request-id', ':path'],
      responseHeadersToAdd: [
        value('x-seen-by', 'policy'),
        value('content-type', 'x/y'),
        value('x-cut', 'a\nb'),
      ],
    };
    const { foreign } = await setUp(t, { policy: () => ({ status: { code: 0 }, okResponse }) });
    const headers = Object.fromEntries(
      Object.entries({
        'x-user': 'mallory',
        x_user: 'm',
        'x-list': 'a',
        'x-there': 'old',
        'x-secret': 's',
      }).map(([name, text]) => [`grpc-metadata-${name}`, text]),
    );
    const answer = await http(`${foreign.url}/foreign/items/1`, { headers });
    t.equal(answer.status, 200);
    t.equal(answer.headers['x-seen-by'], 'policy');
    t.match(answer.headers['content-type'], /^application\/json/);
    t.notOk(answer.headers['x-cut']);
    const { metadata } = await foreign.upstream.call(method('Ask'));
    const of = (name: string) =>
      metadata.filter(([one]) => one === name).flatMap(([, text]) => text.split(', '));
    t.same(of('x-user'), ['alice']);
    t.same(of('x_user'), [], 'nor what a service may take for it');
    t.same(of('x-list').sort(), ['a', 'b']);
    t.same(of('x-there'), ['old']);
    t.same(of('x-new'), ['new']);
    for (const name of ['x-absent', 'x-secret', 'x-bad']) t.same(of(name), [], name);
    t.not(of('x-forwarded-for').join(), '6.6.6.6', 'what the gateway says stays');
    t.equal(of('x-request-id').length, 1);
    const told = foreign.lines.filter(({ msg }) => /not forwarded/.test(String(msg)));
    t.same(told.length, 3, 'the log names what could not be set');
  },
);

t.test('a denial has its status and its headers; what cannot be a denial is 403', async (t) => {
  let denied: object = {};
  const { foreign, surfaces } = await setUp(t, { policy: () => denied });
  const location = { header: { key: 'Location', value: 'https://id.example/login' } };
  const rows: [object, number, number][] = [
    [{ status: { code: 16 }, deniedResponse: { status: { code: 302 }, headers: [location] } }, 302, 16],
    [{ status: { code: 7 }, deniedResponse: { status: { code: 401 } } }, 401, 16],
    [{ status: { code: 7 }, deniedResponse: { status: { code: 429 }, body: 'slow' } }, 429, 8],
    [{ status: { code: 7 } }, 403, 7],
    [{ status: { code: 16 } }, 401, 16],
    [{ status: { code: 99 } }, 500, 2],
    [{ status: { code: 0 }, deniedResponse: {} }, 403, 7],
    [{ status: { code: 7 }, okResponse: {} }, 403, 7],
    [{ deniedResponse: { status: { code: 200 } } }, 403, 7],
  ];
  for (const [policy, status, code] of rows) {
    denied = policy;
    const what = JSON.stringify(policy);
    const answer = await http(`${foreign.url}/foreign/items/1`);
    t.equal(answer.status, status, what);
    t.equal(answer.headers['grpc-status'], String(code), what);
    t.equal((await surfaces.grpc?.([]))?.code, code, `${what}: gRPC`);
    if (status === 302) t.equal(answer.headers.location, 'https://id.example/login');
  }
  t.equal(foreign.upstream.calls(method('Ask')).length, 0);
});

t.test('no answer is 503, at once where nobody listens; failureModeAllow lets in', async (t) => {
  for (const allow of [false, true]) {
    const authz = `, timeoutMs: 100, failureModeAllow: ${allow}`;
    const { service, foreign, surfaces } = await setUp(t, { authz, policy: () => undefined });
    const check = async (what: string) => {
      for (const [name, call] of Object.entries(surfaces)) {
        if (!isAsked(name)) continue;
        const outcome = await call([]);
        if (allow) t.ok(isIn(outcome), `${what}: ${name}: in`);
        else {
          t.equal(outcome.reason, 'AUTHORIZATION_UNREACHABLE', `${what}: ${name}`);
          t.ok(outcome.status === 503 || outcome.code === 14, `${what}: ${name}`);
        }
      }
    };
    await check('silent');
    service.policy = () => Object.assign(new Error('broken'), { code: 13 });
    await check('broken');
    service.stop();
    await check('gone');
    if (!allow) {
      const [refused] = foreign.lines.filter(({ reason }) => reason === 'AUTHORIZATION_UNREACHABLE');
      t.match(refused?.problem, /authorization service has not answered: nothing came within 100 ms/);
    } else t.equal(foreign.lines.filter(({ msg }) => /requests are let in/.test(String(msg))).length, 1);
  }
});

t.test('who is refused from now on is refused from now on', async (t) => {
  let revoked = false;
  const { surfaces } = await setUp(t, { policy: () => (revoked ? { status: { code: 7 } } : ALLOW) });
  t.ok(isIn((await surfaces.json?.([])) ?? { status: 500, code: 0 }));
  revoked = true;
  for (const [name, call] of Object.entries(surfaces))
    if (isAsked(name)) t.equal((await call([])).reason, 'AUTHORIZATION_DENIED', name);
});

t.test(
  'with issuers a token comes first; public methods are not asked about, unless that is wanted',
  async (t) => {
    const key = await issuerKey('es');
    const issuer = await openIssuer(t, [key]);
    const token = `Bearer ${await issuer.sign(key)}`;
    const auth = `  issuers: [{ issuer: "${issuer.issuer}", audience: [sluice], keys: { jwksUrl: "${issuer.jwksUrl}" } }]\n`;
    const methods = 'methods:\n  foreign.v1.Foreign/Down: { access: public }\n';
    const own = await setUp(t, { auth, methods, policy: () => ALLOW });
    t.equal((await own.surfaces.json?.([]))?.reason, 'CREDENTIAL_NEEDED');
    t.ok(isIn((await own.surfaces.sse?.([])) ?? { status: 500, code: 0 }));
    t.equal(own.service.checks.length, 0);
    t.ok(isIn((await own.surfaces.json?.([token])) ?? { status: 500, code: 0 }));
    t.equal(own.service.checks[0]?.attributes.source.principal, `${issuer.issuer}#alice`);
    const all = await setUp(t, {
      auth,
      methods,
      authz: `${PATIENT}, public: true`,
      policy: () => ({ status: { code: 7 } }),
    });
    t.equal((await all.surfaces.sse?.([]))?.reason, 'AUTHORIZATION_DENIED');
  },
);

t.test('what is wrong with the configuration is named', async (t) => {
  for (const [wrong, name] of [
    ['{ }', 'auth.extAuthz.target'],
    ['{ target: "no port here" }', 'auth.extAuthz.target'],
    ['{ target: "127.0.0.1:1", timeoutMs: 0 }', 'auth.extAuthz.timeoutMs'],
    ['{ target: "127.0.0.1:1", failureModeAllow: 1 }', 'auth.extAuthz.failureModeAllow'],
    ['{ target: "127.0.0.1:1", allow: true }', 'auth.extAuthz'],
  ] as const)
    await t.rejects(
      Promise.resolve().then(() => parseConfig(`auth:\n  extAuthz: ${wrong}\n`, 'test.yaml')),
      {
        message: new RegExp(name.replaceAll('.', '\\.')),
      },
    );
});

t.test('a principal that is revoked is refused at its next call, on every surface', async (t) => {
  const key = await issuerKey('es');
  const issuer = await openIssuer(t, [key]);
  let revoked = '';
  const policy: Policy = ({ attributes }) =>
    attributes.source.principal === `${issuer.issuer}#${revoked}` ? { status: { code: 7 } } : ALLOW;
  const { foreign, surfaces, service } = await setUp(t, {
    policy,
    auth: `  issuers: [{ issuer: "${issuer.issuer}", audience: [sluice], keys: { jwksUrl: "${issuer.jwksUrl}" } }]\n`,
    methods: 'methods:\n  foreign.v1.Foreign/Down: { recording: { sharing: none } }\n',
  });
  const alice = `Bearer ${await issuer.sign(key)}`;
  const bob = `Bearer ${await issuer.sign(key, { sub: 'bob' })}`;
  // What is open before: a session, and a call that has a location.
  const session = await openSession(foreign.wsUrl, 'sluice.v1.json', { headers: { authorization: alice } });
  const ask = async (id: number) => {
    await session.send(openOf(id, 'Ask'), { message: { id, data: {} } });
    return JSON.stringify((await session.all(id)).at(-1));
  };
  const begun = await http(foreign.url + method('Down'), {
    headers: { authorization: alice, 'content-type': 'application/json', prefer: 'respond-async' },
    body: '{}',
  });
  t.equal(begun.status, 202);
  const location = foreign.url + begun.headers.location;
  const at = (httpMethod: string) =>
    http(location, { method: httpMethod, headers: { authorization: alice } });
  const tickets = () =>
    http(`${foreign.url}/_sluice/ticket`, { method: 'POST', headers: { authorization: alice } });
  const { ticket } = JSON.parse((await tickets()).text);
  t.match(await ask(1), /"code":0/);
  t.equal((await at('HEAD')).status, 200);
  for (const [name, call] of Object.entries(surfaces)) t.ok(isIn(await call([alice])), name);

  revoked = 'alice';
  const before = service.checks.length;
  for (const [name, call] of Object.entries(surfaces)) {
    if (isAsked(name)) t.equal((await call([alice])).reason, 'AUTHORIZATION_DENIED', name);
    t.ok(isIn(await call([bob])), `${name}: others are served`);
  }
  t.match(await ask(2), /AUTHORIZATION_DENIED/, 'a session that was open before');
  for (const httpMethod of ['GET', 'HEAD', 'DELETE']) t.equal((await at(httpMethod)).status, 403, httpMethod);
  const shown = await http(`${foreign.url}/foreign/items/1?ticket=${ticket}`);
  t.match(shown.text, /AUTHORIZATION_DENIED/, 'a ticket from before');
  t.ok(service.checks.length > before + Object.keys(surfaces).length, 'nothing is remembered of its answers');

  revoked = '';
  for (const [name, call] of Object.entries(surfaces)) t.ok(isIn(await call([alice])), `${name}: again`);
  t.match(await ask(3), /"code":0/);
  session.test.socket.close();
  await session.closed;
});
