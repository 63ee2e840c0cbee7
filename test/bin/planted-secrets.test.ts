import { generateKeyPairSync } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { authSurfaces } from '../gateway/server/identity-surfaces.js';
import { openAuthzService } from '../support/authz-service.js';
import { bytes, method } from '../support/foreign.js';
import { http } from '../support/http.js';
import { connectHttp2 } from '../support/http2-client.js';
import { issuerKey, openIssuer } from '../support/issuer.js';
import { openOtlpReceiver } from '../support/otlp-receiver.js';
import { sluice } from '../support/process.js';
import { openScriptedUpstream } from '../support/scripted-upstream.js';
import { openSession } from '../support/session.js';
import { connect } from '../support/websocket.js';

const JSON_TYPE = { 'content-type': 'application/json' };
const proto = (name: string) => fileURLToPath(new URL(name, import.meta.url));

/** Pieces of a secret that are long enough not to be anywhere by chance. */
function pieces(secret: string): string[] {
  const { length } = secret;
  return length < 60
    ? [secret]
    : [secret.slice(0, 40), secret.slice(length / 2, length / 2 + 30), secret.slice(-30)];
}

t.test('no secret leaves the process, whatever is done with it', { timeout: 120_000 }, async (t) => {
  const secrets = new Map<string, string>();
  const plant = (what: string, secret: string): string => {
    secrets.set(what, secret);
    return secret;
  };
  const key = await issuerKey('es');
  const issuer = await openIssuer(t, [key]);
  const receiver = await openOtlpReceiver(t);
  const authz = await openAuthzService(t);
  const one = [{ out: await bytes({ text: 'a' }) }] as const;
  const down = [{ out: await bytes({ text: 'a' }) }, { status: 'INTERNAL', message: 'broken' }] as const;
  const upstream = await openScriptedUpstream({
    [method('Ask')]: one,
    [method('Up')]: one,
    [method('Both')]: one,
    [method('Down')]: down,
  });
  t.teardown(() => upstream.close());
  const dir = t.testdir();
  const keyFile = join(dir, 'sign.pem');
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const pem = privateKey.export({ format: 'pem', type: 'pkcs8' }) as string;
  for (const line of pem.split('\n').slice(1, -2)) plant(`line of the key: ${line.slice(0, 4)}`, line);
  writeFileSync(keyFile, pem, { mode: 0o600 });
  const config = join(dir, 'sluice.yaml');
  writeFileSync(
    config,
    `auth:
  issuers: [{ issuer: "${issuer.issuer}", audience: [sluice], keys: { jwksUrl: "${issuer.jwksUrl}" } }]
  cookie: { name: planted-cookie }
  sign: { keyFile: "${keyFile}", issuer: gateway }
  extAuthz: { target: "${authz.target}", timeoutMs: 4000 }
methods: { foreign.v1.Foreign/Ask: { access: { scopes: [read] } } }
limits: { callsPerSecond: 0, eventLoopDelayMs: 0 }
`,
  );
  const told = plant('a header of the authorization service', 'authz-header-4af1c9');
  authz.policy = () => ({
    status: { code: 0 },
    okResponse: { headers: [{ header: { key: 'x-session-key', value: told } }] },
  });
  const reflection = join(dir, 'reflection');
  writeFileSync(
    reflection,
    `authorization: Bearer ${plant('reflection metadata', 'reflection-secret-77b3')}\n`,
  );
  const otlp = plant('a header for the collector', 'otlp-header-secret-1c2d');
  const options = ['--config', config, '--log-level', 'trace', '--log-format', 'json', '--grace-ms', '1000'];
  const running = sluice(
    t,
    [
      ...[
        'gateway',
        '--listen',
        '127.0.0.1:0',
        '--admin-listen',
        '127.0.0.1:0',
        '--upstream',
        upstream.target,
      ],
      ...['--proto', proto('../support/proto/foreign.proto')],
      ...['--proto-path', proto('../support/proto'), '--proto-path', proto('../../proto')],
      ...['--reflection-metadata', `@${reflection}`, '--otlp-endpoint', receiver.url, ...options],
    ],
    { OTEL_EXPORTER_OTLP_HEADERS: `authorization=${otlp}` },
  );
  const { url, adminUrl } = (await running.line('gateway listening')) as { url: string; adminUrl: string };
  const answers: string[] = [];

  const now = Math.floor(Date.now() / 1_000);
  const tokens = {
    'a good token': await issuer.sign(key, { scope: 'read' }),
    'a token without the scope': await issuer.sign(key),
    'an expired token': await issuer.sign(key, { exp: now - 600 }),
    'a foreign token': await issuer.sign(key, { iss: 'https://elsewhere.example' }),
    'rubbish, as a token': 'planted-rubbish-0d9e.planted-5d1f.planted-22aa',
  };
  const surfaces = authSurfaces(url, connectHttp2(t, url));
  for (const [what, token] of Object.entries(tokens)) {
    plant(what, token);
    for (const call of Object.values(surfaces)) {
      for (const name of ['Ask', 'Down']) answers.push(JSON.stringify(await call([`Bearer ${token}`], name)));
    }
    const cookie = { ...JSON_TYPE, origin: url, cookie: `planted-cookie=${token}` };
    answers.push((await http(url + method('Ask'), { headers: cookie, body: '{}' })).text);
  }
  for (const scheme of ['Basic', 'Digest', 'bearer  x'])
    await surfaces.json?.([
      `${scheme} ${plant(`a value of ${scheme}`, `basic-secret-${scheme.length}-93ab`)}`,
    ]);
  const good = { authorization: `Bearer ${tokens['a good token']}` };
  const bought = await http(`${url}/_sluice/ticket`, { method: 'POST', headers: good });
  const ticket = plant('a ticket', (JSON.parse(bought.text) as { ticket: string }).ticket);
  for (const accept of ['application/json', 'text/event-stream', 'text/event-stream'])
    answers.push((await http(`${url}/foreign/down?ticket=${ticket}`, { headers: { accept } })).text);
  const forged = plant('a forged ticket', 'forged-ticket-81ce02');
  answers.push((await http(`${url}/foreign/down?ticket=${forged}&lastEventId=~a.1`)).text);
  answers.push((await http(`${url}/no/such/path?ticket=${forged}&access_token=${forged}`)).text);
  const session = await openSession(url.replace('http', 'ws'));
  await session.send({ auth: { token: tokens['a good token'] } });
  t.match(await session.next(), { authenticated: {} });
  await session.send({ auth: { token: tokens['rubbish, as a token'] } });
  await session.closed;
  const entry = plant('a sub-protocol', Buffer.from(tokens['a foreign token']).toString('base64url'));
  const refused = await connect(`${url.replace('http', 'ws')}/_sluice/session`, {}, [
    'sluice.v1.json',
    `bearer.${entry}`,
  ]).catch(() => undefined);
  t.equal(refused, undefined);
  const signed = upstream.calls(method('Ask')).flatMap(({ metadata }) => metadata);
  const own = signed.find(([name]) => name === 'authorization')?.[1];
  t.match(own, /^Bearer ey/, 'the service gets a token of ours');
  plant('the signed token', String(own).slice('Bearer '.length));
  t.ok(
    signed.some(([name, value]) => name === 'x-session-key' && value === told),
    'and the header of the authorization service',
  );
  authz.policy = () => undefined;
  answers.push((await http(url + method('Both'), { headers: { ...JSON_TYPE, ...good }, body: '{}' })).text);

  const outputs: Record<string, string> = { 'answers to clients': answers.join('\n') };
  for (const path of ['/metrics', '/readyz', '/healthz']) outputs[path] = (await http(adminUrl + path)).text;
  for (const path of ['/_sluice/jwks.json', '/_sluice/services', '/_sluice/openapi.json'])
    outputs[path] = (await http(url + path, { headers: path.includes('jwks') ? {} : good })).text;
  outputs['the command line'] = readFileSync(`/proc/${running.child.pid}/cmdline`, 'latin1');
  running.child.kill('SIGTERM');
  t.equal(await running.exit, 0);
  outputs['standard output'] = running.lines.join('\n');
  outputs['standard error'] = running.errors.join('\n');
  outputs.traces = JSON.stringify([receiver.spans, receiver.resources]);
  t.ok(receiver.spans.length > 20 && running.lines.length > 100, 'there is something to search');
  t.equal(receiver.requests[0]?.headers.authorization, otlp);
  const printing = sluice(t, [
    ...['gateway', '--upstream', upstream.target, '--reflection-metadata', `@${reflection}`, ...options],
    '--print-config',
  ]);
  t.equal(await printing.exit, 0);
  outputs['--print-config'] = [...printing.lines, ...printing.errors].join('\n');

  for (const [where, output] of Object.entries(outputs)) {
    if (where !== 'standard error') t.not(output, '', `${where} says something`);
    for (const [what, secret] of secrets) {
      const found = pieces(secret).some((piece) => output.includes(piece));
      t.notOk(found, `${where}: ${what}`);
    }
  }
});
