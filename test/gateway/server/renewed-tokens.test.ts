import { generateKeyPairSync } from 'node:crypto';
import { chmodSync } from 'node:fs';
import { join } from 'node:path';
import { decodeJwt } from 'jose';
import { pino } from 'pino';
import t, { type Test } from 'tap';
import { openGateway } from '../../../gateway/index.js';
import { parseConfig } from '../../../gateway/server/config/index.js';
import { closeInTeardown } from '../../support/given-back.js';
import { until } from '../../support/http.js';
import { issuerKey, openIssuer } from '../../support/issuer.js';
import { NUMBERED_PROTO, type NumberedCall, openNumbered, type Plan } from '../../support/numbered.js';
import { NUMBERED_CLIENTS } from '../../support/numbered-clients.js';
import { tokenTime } from '../../support/token-time.js';
import { schemaFromText } from '../schema/schema-from-text.js';

// A stream that breaks at the service is asked for again with a token that counts then.

const ALL = [1, 2, 3, 4];

/** A gateway with an issuer in front of numbers; `sign`: the service gets tokens of the gateway's own. */
async function setUp(t: Test, plan: Plan, sign: boolean) {
  const time = tokenTime(t);
  const key = await issuerKey('es');
  const issuer = await openIssuer(t, [key]);
  // Before the key: both are in the folder of the test.
  const schema = await schemaFromText(t, NUMBERED_PROTO);
  const pem = generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }) as string;
  const keyFile = join(t.testdir({ 'key.pem': pem }), 'key.pem');
  chmodSync(keyFile, 0o600);
  const signing = `  sign: { keyFile: ${JSON.stringify(keyFile)}, issuer: "https://gateway.example", ttlSeconds: 60 }\n`;
  const config = await parseConfig(
    `auth:
  issuers: [{ issuer: "${issuer.issuer}", audience: [sluice], keys: { jwksUrl: "${issuer.jwksUrl}" } }]
${sign ? signing : ''}`,
    'test.yaml',
  );
  const service = await openNumbered(t, plan);
  const gateway = await openGateway({
    upstream: service.target,
    listen: '127.0.0.1:0',
    adminListen: '127.0.0.1:0',
    schema,
    config,
    log: pino({ level: 'silent' }),
    graceMs: 1_000,
  });
  closeInTeardown(t, gateway);
  const token = (claims = {}) => issuer.sign(key, { exp: time.now + 100_000, ...claims });
  return { time, service, gateway, token };
}

const shown = ({ headers }: NumberedCall) => String(headers.authorization).replace(/^Bearer /, '');

/** Each client's first call breaks after two messages; `meanwhile` is what happens then. */
function breaksOnce(meanwhile: () => void): Plan {
  const seen = new Set<string>();
  return ({ headers: { cell } }) => {
    if (seen.has(String(cell))) return undefined;
    seen.add(String(cell));
    meanwhile();
    return { at: 2, how: 'unavailable' };
  };
}

t.test('a token of our own is signed anew, on every surface', async (t) => {
  const world: { pass?: () => void } = {};
  const { time, service, gateway, token } = await setUp(
    t,
    breaksOnce(() => world.pass?.()),
    true,
  );
  world.pass = () => time.pass(120_000);
  for (const client of NUMBERED_CLIENTS) {
    const authorization = `Bearer ${await token({ scope: 'a b' })}`;
    const metadata = { cell: client.name };
    const before = service.calls.length;
    const { ids, code } = await client.ask(t, gateway.url, { count: 4, metadata, authorization });
    t.same({ ids, code }, { ids: ALL, code: 0 }, client.name);
    const [first, second] = service.calls.slice(before).map((call) => decodeJwt(shown(call)));
    t.ok((first?.exp ?? 0) < time.now, `${client.name}: the first one has ended`);
    t.match(second, { sub: 'alice', scope: 'a b', iat: time.now, exp: time.now + 60 }, client.name);
  }
  await until(t, 'nothing left', () => service.open === 0);
});

t.test('the token of the client travels again as it is', async (t) => {
  const { service, gateway, token } = await setUp(
    t,
    breaksOnce(() => {}),
    false,
  );
  for (const client of NUMBERED_CLIENTS) {
    const given = await token();
    const asked = { count: 4, metadata: { cell: client.name }, authorization: `Bearer ${given}` };
    const before = service.calls.length;
    t.same((await client.ask(t, gateway.url, asked)).ids, ALL, client.name);
    t.same(service.calls.slice(before).map(shown), [given, given], client.name);
  }
});
