import { generateKeyPairSync } from 'node:crypto';
import { join } from 'node:path';
import { StorageType } from '@nats-io/jetstream';
import { Kvm } from '@nats-io/kv';
import { connect } from '@nats-io/transport-node';
import { createRemoteJWKSet, jwtVerify } from 'jose';
import t, { type Test } from 'tap';
import { ONCE_BUCKET } from '../../../gateway/recording/replica/once-bucket.js';
import { parseConfig } from '../../../gateway/server/config/index.js';
import { bytes, type Foreign, method, openForeign } from '../../support/foreign.js';
import { http } from '../../support/http.js';
import { issuerKey, openIssuer } from '../../support/issuer.js';
import { type NatsServer, NO_NATS, openNats } from '../../support/nats-server.js';
import { openOf, openSession } from '../../support/session.js';

const APP = 'https://app.example.com';
const GATEWAY = 'https://gateway.example';

/** Gateways that are replicas of one another: one configuration, one key file, one journal, and a service each. */
async function openReplicas(t: Test, nats: NatsServer, count: number) {
  const key = await issuerKey('es');
  const issuer = await openIssuer(t, [key]);
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }) as string;
  const keyFile = join(t.testdir({ 'key.pem': pem }), 'key.pem');
  const config = await parseConfig(
    `auth:
  issuers: [{ issuer: "${issuer.issuer}", audience: [sluice], keys: { jwksUrl: "${issuer.jwksUrl}" } }]
  sign: { keyFile: ${JSON.stringify(keyFile)}, issuer: "${GATEWAY}" }
`,
    'test.yaml',
  );
  const item = { out: await bytes({ text: 'a' }) };
  const options = { config, journal: `nats://${nats.address}`, allowOrigins: [APP] };
  const replicas: Foreign[] = [];
  for (let index = 0; index < count; index += 1)
    replicas.push(await openForeign(t, { Ask: [item], Down: [item], Both: [{ echo: true }] }, options));
  const token = (sub: string) => issuer.sign(key, { sub, scope: 'read' });
  const ticketOf = async ({ url }: Foreign, sub: string) => {
    const headers = { authorization: `Bearer ${await token(sub)}`, origin: APP };
    const { status, text, headers: head } = await http(`${url}/_sluice/ticket`, { method: 'POST', headers });
    return { status, text, head, ticket: status === 200 ? (JSON.parse(text).ticket as string) : '' };
  };
  return { issuer, replicas: replicas as [Foreign, Foreign], token, ticketOf };
}

/** What the service of a gateway was told last. */
function told({ upstream }: Foreign, name: string): string {
  const metadata = upstream.calls(method(name)).at(-1)?.metadata ?? [];
  const values = metadata.filter(([one]) => one === 'authorization').map(([, value]) => value);
  return values.length === 1 ? (values[0]?.replace(/^Bearer /, '') ?? '') : `${values.length} of them`;
}

t.test(
  'what one replica signs is checked with the keys of each, whoever lets the client in',
  { skip: NO_NATS },
  async (t) => {
    const { replicas, token, ticketOf, issuer } = await openReplicas(t, await openNats(t), 2);
    const published = replicas.map(({ url }) => createRemoteJWKSet(new URL(`${url}/_sluice/jwks.json`)));
    const verify = async (own: string, sub: string) => {
      for (const keys of published) {
        const { payload } = await jwtVerify(own, keys, { issuer: GATEWAY, audience: 'foreign.v1.Foreign' });
        t.match(payload, { sub, scope: 'read', sub_id: { format: 'iss_sub', iss: issuer.issuer, sub } });
      }
    };
    for (const [at, replica] of replicas.entries()) {
      const other = replicas[1 - at] as Foreign;
      const headers = {
        'content-type': 'application/json',
        authorization: `Bearer ${await token(`ann${at}`)}`,
      };
      t.equal((await http(replica.url + method('Ask'), { headers, body: '{}' })).status, 200);
      await verify(told(replica, 'Ask'), `ann${at}`);
      t.not(told(replica, 'Ask'), headers.authorization.slice(7), 'and it is not the own one of the client');

      const events = await ticketOf(replica, `bob${at}`);
      const accept = { accept: 'text/event-stream', origin: APP };
      const shown = await http(`${other.url}/foreign/down?ticket=${events.ticket}`, { headers: accept });
      t.equal(shown.status, 200, 'a ticket of this one opens events at the other one');
      await verify(told(other, 'Down'), `bob${at}`);
      for (const { url } of replicas)
        t.equal((await http(`${url}/foreign/down?ticket=${events.ticket}`, { headers: accept })).status, 401);

      const { ticket } = await ticketOf(replica, `cy${at}`);
      const session = await openSession(
        other.wsUrl,
        'sluice.v1.json',
        { headers: { origin: APP } },
        `?ticket=${ticket}`,
      );
      await session.send(openOf(1, 'Ask'), { halfClose: { id: 1 } });
      t.match((await session.all(1)).at(-1), { end: { status: { code: 0 } } });
      await verify(told(other, 'Ask'), `cy${at}`);
      session.test.socket.terminate();
    }
  },
);

t.test(
  'tickets beyond what the bucket holds are 503, and there is room again when some are used',
  { skip: NO_NATS },
  async (t) => {
    const nats = await openNats(t);
    const link = await connect({ servers: [nats.address] });
    t.teardown(() => link.close());
    // Whoever wants other bounds makes it before the first gateway does.
    await new Kvm(link).create(ONCE_BUCKET, {
      ttl: 600_000,
      max_bytes: 8_192,
      history: 1,
      storage: StorageType.Memory,
    });
    const { replicas, ticketOf } = await openReplicas(t, nats, 2);
    const [first, second] = replicas;
    const given: string[] = [];
    let answer = await ticketOf(first, 'ann');
    for (; answer.status === 200 && given.length < 100; answer = await ticketOf(first, 'ann'))
      given.push(answer.ticket);
    t.ok(given.length > 2, `${given.length} fit`);
    t.equal(answer.status, 503);
    t.match(answer.text, /JOURNAL_UNREACHABLE/);
    t.equal(answer.head['retry-after'], '1');
    t.equal((await ticketOf(second, 'bob')).status, 503, 'the other one has no more room');
    const show = (ticket: string) =>
      http(`${second.url}/foreign/items/1?ticket=${ticket}`, { headers: { origin: APP } });
    for (const ticket of given) t.equal((await show(ticket)).status, 200, 'those that were given are good');
    for (const ticket of given) t.equal((await show(ticket)).status, 401, 'once');
    const next = await ticketOf(first, 'ann');
    t.equal(next.status, 200, 'and then there is room');
    t.equal((await show(next.ticket)).status, 200);
  },
);
