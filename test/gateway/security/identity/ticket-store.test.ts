import t from 'tap';
import {
  MAX_TICKET_BYTES,
  MAX_TICKETS,
  MAX_TICKETS_PER_PRINCIPAL,
} from '../../../../gateway/security/identity/ticket-store.js';
import {
  AllowedOrigins,
  createPrincipal,
  type KeptTicket,
  MemoryTicketStore,
  Tickets,
  TrustedProxies,
} from '../../../../gateway/security/index.js';

const kept: KeptTicket = { token: 'a.b.c', origin: undefined };

t.test('a ticket is there once, and for its time', async (t) => {
  let now = 0;
  const store = new MemoryTicketStore(() => now);
  store.put('1', kept, 'alice', 30_000);
  store.put('2', kept, 'alice', 30_000);
  t.match(store.take('1'), kept);
  t.equal(store.take('1'), undefined);
  now = 30_000;
  t.equal(store.take('2'), undefined, 'late');
  t.equal(store.size, 0);
  t.equal(store.bytes, 0);
});

t.test('one principal drives out its own, and nobody holds more than the bounds', async (t) => {
  let now = 0;
  const store = new MemoryTicketStore(() => now);
  store.put('bob', kept, 'bob', 30_000);
  for (let at = 0; at < 3 * MAX_TICKETS_PER_PRINCIPAL; at += 1) store.put(`a${at}`, kept, 'alice', 30_000);
  t.equal(store.size, MAX_TICKETS_PER_PRINCIPAL + 1);
  t.equal(store.take('a0'), undefined, 'the oldest went');
  t.match(store.take(`a${3 * MAX_TICKETS_PER_PRINCIPAL - 1}`), kept);
  t.match(store.take('bob'), kept, 'and nobody else');
  for (let at = 0; at < MAX_TICKETS + 500; at += 1) store.put(`m${at}`, kept, `p${at}`, 30_000);
  t.equal(store.size, MAX_TICKETS);
  const large = { token: 'x'.repeat(16_384), origin: undefined };
  for (let at = 0; at < 2_000; at += 1) store.put(`l${at}`, large, `q${at}`, 30_000);
  t.ok(store.bytes <= MAX_TICKET_BYTES, `${store.bytes} bytes`);
  now = 30_001;
  store.put('last', kept, 'bob', 30_000);
  t.equal(store.size, 1, 'what is too old goes when the next one comes');
  store.take('last');
  t.equal(store.bytes, 0);
});

t.test('behind the port may be a store that answers later, and never sees a ticket', async (t) => {
  const seen = new Map<string, KeptTicket>();
  const tickets = new Tickets({
    put: async (id, ticket) => void seen.set(id, ticket),
    async take(id) {
      const ticket = seen.get(id);
      seen.delete(id);
      return ticket;
    },
  });
  const alice = createPrincipal({
    issuer: 'i',
    subject: 'alice',
    tenant: undefined,
    scopes: [],
    roles: [],
    expiresAt: undefined,
    claims: {},
  });
  const { ticket } = await tickets.issue({ token: 'a.b.c' }, alice, undefined, 1_000);
  t.notOk([...seen.keys()].includes(ticket));
  const request = { headers: {}, rawHeaders: [] } as never;
  const pages = { allowOrigins: new AllowedOrigins([]), trustedProxies: new TrustedProxies([]) };
  t.same(await tickets.redeem(ticket, request, pages), { kind: 'token', token: 'a.b.c' });
  await t.rejects(async () => tickets.redeem(ticket, request, pages), { code: 16 });
});
