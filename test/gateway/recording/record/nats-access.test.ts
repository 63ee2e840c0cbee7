import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pino from 'pino';
import t, { type Test } from 'tap';
import { openGateway } from '../../../../gateway/index.js';
import { NatsLink } from '../../../../gateway/recording/replica/index.js';
import { createCertificate } from '../../../support/certificate.js';
import { createNatsOperator } from '../../../support/nats-jwt.js';
import { NO_NATS, openNats } from '../../../support/nats-server.js';

// Who a gateway is for NATS: real servers with users and TLS.

const PASSWORD = 'a-password-of-ours';
/** All that a gateway needs. */
const SUBJECTS = '["sluice.>", "$JS.API.>", "$KV.sluice_recordings.>", "_INBOX.>"]';

/** Beside the folder of the test, which the server has. */
const FOLDER = mkdtempSync(join(tmpdir(), 'sluice-nats-'));
t.teardown(() => rmSync(FOLDER, { recursive: true }));

function file(name: string, text: string | Buffer): string {
  const path = join(FOLDER, name);
  writeFileSync(path, text);
  return path;
}

/** A server with this configuration. */
async function serve(t: Test, text: string) {
  return await openNats(t, '-c', file('nats.conf', text));
}

async function problemOf(opening: Promise<NatsLink>): Promise<string> {
  try {
    const link = await opening;
    await link.close();
    return '';
  } catch (reason) {
    return `${(reason as Error).message} ${(reason as Error).stack} ${String((reason as Error).cause)}`;
  }
}

t.test('a user with a password from a file, which may change', { skip: NO_NATS }, async (t) => {
  const nats = await serve(t, `authorization { user: gateway, password: "${PASSWORD}" }`);
  const passwordFile = file('password', `${PASSWORD}\n`);
  const user = 'gateway';
  t.equal(await problemOf(NatsLink.open([nats.address], { user, passwordFile })), '');
  t.match(
    await problemOf(NatsLink.open([nats.address])),
    /^journal: cannot reach .*Authorization Violation/i,
  );
  writeFileSync(passwordFile, 'another-secret');
  const refused = await problemOf(NatsLink.open([nats.address], { user, passwordFile }));
  t.match(refused, /^journal: cannot reach .*Authorization Violation/i);
  t.notMatch(refused, /another-secret/);
  const missing = join(FOLDER, 'none');
  t.match(
    await problemOf(NatsLink.open([nats.address], { user, passwordFile: missing })),
    `journal: cannot read ${missing}: ENOENT`,
  );
});

t.test(
  'TLS with a CA of our own; one that is not trusted, or a server without TLS, is refused',
  { skip: NO_NATS },
  async (t) => {
    const { cert, key } = createCertificate('localhost');
    const [certFile, keyFile] = [file('cert.pem', cert), file('key.pem', key)];
    const conf = `tls { cert_file: "${certFile}", key_file: "${keyFile}" }\nauthorization { user: gateway, password: "${PASSWORD}" }`;
    const nats = await openNats(t, '-c', file('nats.conf', conf));
    const byName = nats.address.replace('127.0.0.1', 'localhost');
    const access = { user: 'gateway', passwordFile: file('password', PASSWORD) };
    t.equal(await problemOf(NatsLink.open([byName], { ...access, ca: certFile })), '');
    const untrusted = await problemOf(NatsLink.open([byName], { ...access, isTls: true }));
    t.match(untrusted, /^journal: cannot reach /);
    t.notMatch(untrusted, PASSWORD);
    const plain = await openNats(t);
    t.match(await problemOf(NatsLink.open([plain.address], { isTls: true })), /^journal: cannot reach /);
  },
);

t.test('a gateway with both starts, and says nothing of its secrets', { skip: NO_NATS }, async (t) => {
  const nats = await serve(
    t,
    `authorization { users: [ { user: gateway, password: "${PASSWORD}", permissions: { publish: ${SUBJECTS}, subscribe: ${SUBJECTS} } } ] }`,
  );
  const passwordFile = file('password', PASSWORD);
  const lines: string[] = [];
  const open = (journalAccess: object) =>
    openGateway({
      upstream: '127.0.0.1:1',
      listen: '127.0.0.1:0',
      adminListen: '127.0.0.1:0',
      journal: `nats://${nats.address}`,
      journalAccess,
      log: pino({ level: 'trace' }, { write: (line: string) => void lines.push(line) }),
    });
  const gateway = await open({ user: 'gateway', passwordFile });
  await gateway.close();
  const link = await NatsLink.open([nats.address], { user: 'gateway', passwordFile });
  t.ok(await link.append('epoch', 0, {}, Buffer.from('a')));
  t.equal(Buffer.from((await link.next('epoch', 1))?.data ?? []).toString(), 'a');
  t.ok(await link.put('key', 'value', undefined));
  await link.delete('key');
  await link.purge('epoch');
  t.equal(await link.last('epoch'), undefined);
  await link.close();
  writeFileSync(passwordFile, 'another-secret');
  await t.rejects(open({ user: 'gateway', passwordFile }), { message: /^journal: cannot reach / });
  t.notMatch(lines.join('\n'), new RegExp(`${PASSWORD}|another-secret`));
  await t.rejects(open({ user: 'gateway' }), {
    message: 'journalUser and journalPasswordFile must be given together',
  });
  await t.rejects(open({ user: 'gateway', passwordFile, credentials: 'x' }), TypeError);
});

t.test(
  'credentials of a file (JWT and seed) reach a server with an operator; others, and ones that have ended, do not',
  { skip: NO_NATS },
  async (t) => {
    const operator = createNatsOperator();
    const nats = await serve(t, operator.config);
    const subjects = JSON.parse(SUBJECTS) as string[];
    const credentials = file('gateway.creds', operator.credentials(subjects));
    const link = await NatsLink.open([nats.address], { credentials });
    t.ok(await link.append('epoch', 0, {}, Buffer.from('a')));
    t.equal(Buffer.from((await link.next('epoch', 1))?.data ?? []).toString(), 'a');
    t.ok(await link.put('key', 'value', undefined));
    t.equal((await link.get('key'))?.text, 'value');
    // They are read again at each connection: those of another day count from the next one on.
    writeFileSync(credentials, operator.credentials(subjects));
    await nats.kill();
    await nats.start();
    while ((await link.get('key').catch(() => undefined)) === undefined)
      await new Promise((resolve) => setTimeout(resolve, 50));
    await link.close();
    const lines: string[] = [];
    const gateway = await openGateway({
      upstream: '127.0.0.1:1',
      listen: '127.0.0.1:0',
      adminListen: '127.0.0.1:0',
      journal: `nats://${nats.address}`,
      journalAccess: { credentials },
      log: pino({ level: 'trace' }, { write: (line: string) => void lines.push(line) }),
    });
    await gateway.close();
    const stranger = createNatsOperator().credentials();
    const ended = operator.credentials(subjects, Math.floor(Date.now() / 1_000) - 60);
    const secrets = [stranger, ended].map((text) => /SU[A-Z2-7]{56}/.exec(text)?.[0] ?? 'none');
    for (const text of [stranger, ended]) {
      writeFileSync(credentials, text);
      const problem = await problemOf(NatsLink.open([nats.address], { credentials }));
      t.match(problem, /^journal: cannot reach .*Authorization Violation/i);
      for (const secret of secrets) t.notMatch(problem, secret);
    }
    t.match(
      await problemOf(NatsLink.open([nats.address])),
      /^journal: cannot reach .*Authorization Violation/i,
    );
    t.notMatch(lines.join('\n'), /SU[A-Z2-7]{56}|eyJ/);
  },
);
