import { Kvm } from '@nats-io/kv';
import { connect } from '@nats-io/transport-node';
import t, { type Test } from 'tap';
import { MAX_ONCE_MS, ONCE_BUCKET } from '../../../gateway/recording/replica/once-bucket.js';
import { sealWith, unsealWith } from '../../../gateway/security/identity/sealed-ticket.js';
import { MAX_TICKETS_PER_PRINCIPAL } from '../../../gateway/security/identity/ticket-store.js';
import { parseConfig } from '../../../gateway/server/config/index.js';
import { SharedTickets } from '../../../gateway/server/shared-tickets.js';
import { bytes, openForeign } from '../../support/foreign.js';
import { http, until } from '../../support/http.js';
import { issuerKey, openIssuer } from '../../support/issuer.js';
import { type NatsServer, NO_NATS, openNats } from '../../support/nats-server.js';
import { connect as connectSocket } from '../../support/websocket.js';

const APP = 'https://app.example.com';

/** Gateways with one issuer and one journal. */
async function setUp(t: Test, nats: NatsServer, count = 2) {
  const key = await issuerKey('es');
  const issuer = await openIssuer(t, [key]);
  const config = await parseConfig(
    `auth:\n  issuers: [{ issuer: "${issuer.issuer}", audience: [sluice], keys: { jwksUrl: "${issuer.jwksUrl}" } }]\n`,
    'test.yaml',
  );
  const item = { out: await bytes({ text: 'a' }) };
  const options = { config, journal: `nats://${nats.address}`, allowOrigins: [APP] };
  const urls: string[] = [];
  for (let index = 0; index < count; index += 1)
    urls.push((await openForeign(t, { Ask: [item], Down: [item] }, options)).url);
  const [first = '', second = ''] = urls;
  const token = await issuer.sign(key);
  const ticketOf = async (url: string) => {
    const headers = { authorization: `Bearer ${token}`, origin: APP };
    const answer = await http(`${url}/_sluice/ticket`, { method: 'POST', headers });
    return { ...answer, ticket: answer.status === 200 ? (JSON.parse(answer.text).ticket as string) : '' };
  };
  const show = (url: string, ticket: string, origin = APP) =>
    http(`${url}/foreign/items/1?ticket=${ticket}`, { headers: { origin } });
  return { first, second, urls, token, ticketOf, show };
}

t.test('a ticket of one gateway is good at each, and once in all', { skip: NO_NATS }, async (t) => {
  const nats = await openNats(t);
  const { first, second, urls, token, ticketOf, show } = await setUp(t, nats, 3);
  const { ticket } = await ticketOf(first);
  t.equal((await show(second, ticket)).status, 200, 'at the other one');
  for (const url of urls) t.equal((await show(url, ticket)).status, 401, 'used up everywhere');

  for (let round = 0; round < 5; round += 1) {
    const { ticket } = await ticketOf(urls[round % 3] as string);
    const answers = await Promise.all(
      Array.from({ length: 24 }, (_, index) => show(urls[index % 3] as string, ticket)),
    );
    t.equal(answers.filter(({ status }) => status === 200).length, 1, 'one of many at once');
    t.equal(answers.filter(({ status }) => status === 401).length, 23);
  }

  const other = await ticketOf(first);
  t.equal((await show(second, other.ticket, 'https://other.example.com')).status, 401, 'another origin');
  t.equal((await show(second, other.ticket)).status, 401, 'which has used it up');

  const { ticket: ofSocket } = await ticketOf(first);
  const address = `${second.replace('http', 'ws')}/foreign.v1.Foreign/Down?ticket=${ofSocket}`;
  const { socket, closed } = await connectSocket(address, { headers: { origin: APP } });
  socket.close();
  await closed;

  const link = await connect({ servers: [nats.address] });
  t.teardown(() => link.close());
  const bucket = await new Kvm(link).open(ONCE_BUCKET);
  const { ticket: kept } = await ticketOf(first);
  const texts: string[] = [];
  for await (const name of await bucket.keys()) {
    t.notOk(kept.includes(name));
    texts.push((await bucket.get(name))?.string() ?? '');
  }
  t.equal(texts.length, 1, 'what was used has gone');
  t.notOk(texts.join().includes(token.slice(0, 30)), 'nobody reads the token there');
  t.equal((await bucket.status()).ttl, MAX_ONCE_MS);
});

t.test('while NATS is away no ticket is given or taken, and then again', { skip: NO_NATS }, async (t) => {
  const nats = await openNats(t);
  const { first, second, ticketOf, show } = await setUp(t, nats);
  const { ticket } = await ticketOf(first);
  await nats.kill();
  const refused = await ticketOf(first);
  t.equal(refused.status, 503);
  t.match(refused.text, /JOURNAL_UNREACHABLE/);
  const away = await show(second, ticket);
  t.equal(away.status, 503, 'that is no reason to ask for a new token');
  t.match(away.text, /JOURNAL_UNREACHABLE/);
  await nats.start();
  let next = await ticketOf(first);
  while (next.status !== 200) {
    await new Promise((resolve) => setTimeout(resolve, 100));
    next = await ticketOf(first);
  }
  // The other one may come back to NATS later.
  let shown = await show(second, next.ticket);
  while (shown.status === 503) {
    await new Promise((resolve) => setTimeout(resolve, 100));
    shown = await show(second, next.ticket);
  }
  t.equal(shown.status, 200);
  t.equal((await show(second, ticket)).status, 401, 'what was in the memory of the server has gone');
});

/** The bucket, as far as tickets use it. */
function fakeBucket() {
  const values = new Map<string, string>();
  const bucket = {
    put: async (name: string, text: string) => void values.set(name, text),
    take: async (name: string) => {
      const text = values.get(name);
      values.delete(name);
      return text;
    },
    delete: async (name: string) => void values.delete(name),
  };
  return { values, bucket };
}

t.test('one that is too old is none, and a principal has no more than its part', async (t) => {
  const { values, bucket } = fakeBucket();
  const tickets = new SharedTickets(async () => bucket);
  const { now } = Date;
  t.teardown(() => {
    Date.now = now;
  });
  await tickets.put('a', { token: 'x', origin: undefined }, 'p', 1_000);
  Date.now = () => now() + 1_001;
  t.equal(await tickets.take('a'), undefined);
  Date.now = now;
  for (let index = 0; index <= MAX_TICKETS_PER_PRINCIPAL; index += 1)
    await tickets.put(`b${index}`, { token: 'x', origin: undefined }, 'p', 60_000);
  await until(t, 'the oldest goes', () => !values.has('b0'));
  t.equal(values.size, MAX_TICKETS_PER_PRINCIPAL);
  t.match(await tickets.take('b1'), { token: 'x' });
});

t.test('what is sealed can be read with its ticket, and not be changed', (t) => {
  const sealed = sealWith('ticket', 'text');
  t.equal(unsealWith('ticket', sealed), 'text');
  t.not(sealWith('ticket', 'text'), sealed);
  t.equal(unsealWith('Ticket', sealed), undefined);
  t.equal(unsealWith('ticket', ''), undefined);
  for (let at = 0; at < sealed.length; at += 1) {
    const other = sealed[at] === 'A' ? 'Q' : 'A';
    t.equal(unsealWith('ticket', sealed.slice(0, at) + other + sealed.slice(at + 1)), undefined, `${at}`);
  }
  t.end();
});
