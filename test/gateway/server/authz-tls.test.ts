import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ServerCredentials } from '@grpc/grpc-js';
import t, { type Test } from 'tap';
import { parseConfig } from '../../../gateway/server/config/index.js';
import { openAuthzService } from '../../support/authz-service.js';
import { createCertificate } from '../../support/certificate.js';
import { bytes, openForeign } from '../../support/foreign.js';
import { http } from '../../support/http.js';

const CA = createCertificate('authority');
const issuer = { certificate: CA, name: 'authority' };
const SERVER = createCertificate('authz.test', issuer);
const CLIENT = createCertificate('gateway.test', issuer);

/** An authorization service that asks for certificates, and a gateway whose files are `given`. */
async function setUp(t: Test, given: Record<string, Buffer>, more = '') {
  const service = await openAuthzService(
    t,
    undefined,
    ServerCredentials.createSsl(CA.cert, [{ cert_chain: SERVER.cert, private_key: SERVER.key }], true),
  );
  const folder = t.testdir();
  for (const [name, text] of Object.entries(given)) writeFileSync(join(folder, name), text);
  const files = Object.keys(given).map((name) => `${name}: ${JSON.stringify(join(folder, name))}`);
  const tls = `{ ${[...files, 'serverName: authz.test', ...(more === '' ? [] : [more])].join(', ')} }`;
  const config = await parseConfig(
    `auth:\n  extAuthz: { target: "${service.target}", timeoutMs: 5000, tls: ${tls} }\n`,
    'test.yaml',
  );
  const foreign = await openForeign(t, { Ask: [{ out: await bytes({ text: 'a' }) }] }, { config });
  const ask = async () => (await http(`${foreign.url}/foreign/items/1`)).status;
  return { service, folder, foreign, ask };
}

const ALL = { ca: CA.cert, cert: CLIENT.cert, key: CLIENT.key };

t.test('the authorization service is asked by TLS, with our certificate', async (t) => {
  const { ask, service } = await setUp(t, ALL);
  t.equal(await ask(), 200);
  t.equal(service.checks.length, 1);
});

t.test('one that we do not trust, or that does not trust us, is none', async (t) => {
  const other = createCertificate('other authority');
  for (const [what, files] of Object.entries({
    'another authority': { ...ALL, ca: other.cert },
    'no certificate of ours': { ca: CA.cert },
  })) {
    const { ask, service } = await setUp(t, files);
    t.equal(await ask(), 503, what);
    t.equal(service.checks.length, 0, what);
  }
});

t.test('files that change are read again, and what cannot be used changes nothing', async (t) => {
  const other = createCertificate('other authority');
  const stranger = createCertificate('gateway.test', { certificate: other, name: 'other authority' });
  const { ask, folder, foreign } = await setUp(t, { ...ALL, cert: stranger.cert, key: stranger.key });
  const told = (message: RegExp) => foreign.lines.filter(({ msg }) => message.test(String(msg)));
  t.equal(await ask(), 503, 'the service does not know the certificate');
  writeFileSync(join(folder, 'cert'), CLIENT.cert);
  // The file is looked at once a second, by whoever asks.
  while (told(/authorization service not read/).length === 0) await askLater(ask);
  t.match(
    told(/not read/)[0]?.problem,
    /cannot be used together/,
    'a key that is not that of the certificate',
  );
  writeFileSync(join(folder, 'key'), CLIENT.key);
  while ((await askLater(ask)) !== 200);
  t.equal(told(/authorization service read again/).length, 1);
  rmSync(join(folder, 'ca'));
  while (told(/authorization service not read/).length === 1) await askLater(ask);
  t.equal(await ask(), 200, 'the old ones stay');
  t.match(told(/not read/)[1]?.problem, /auth\.extAuthz\.tls\.ca .*ENOENT/);
});

async function askLater(ask: () => Promise<number>): Promise<number> {
  await new Promise((resolve) => setTimeout(resolve, 100));
  return await ask();
}

t.test('what is wrong with the files stops the start, and names them', async (t) => {
  await t.rejects(
    setUp(t, { ca: CA.cert }, 'cert: none.pem, key: none.pem'),
    /auth\.extAuthz\.tls\.cert none\.pem: ENOENT/,
  );
  await t.rejects(
    setUp(t, { ...ALL, key: CA.key }),
    /auth\.extAuthz\.tls: what the files have cannot be used/,
  );
  await t.rejects(
    setUp(t, { ca: CA.cert, cert: CLIENT.cert }),
    /tls must have both cert and key, or neither/,
  );
});
