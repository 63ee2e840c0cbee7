import t, { type Test } from 'tap';
import { ANONYMOUS, type Principal } from '../../../../gateway/security/index.js';
import type { ClientPace } from '../../../../gateway/surfaces/exchange/index.js';
import { ExchangeLimits } from '../../../../gateway/surfaces/index.js';
import { stopClock } from '../../../support/clock.js';
import { serveCalls } from '../../../support/fake-calls.js';
import { foreignSchema } from '../../../support/foreign.js';
import { leasedIdentity, leaseOf } from '../../../support/leased.js';
import { openSession, PROTOCOLS } from '../../../support/session.js';
import { connect } from '../../../support/websocket.js';
import { openFakeSession, settle } from './fake-session.js';

type Json = Record<string, Record<string, unknown>>;

function open(
  t: Test,
  principal: Principal = ANONYMOUS,
  later?: (token: string) => Promise<void> | undefined,
  pace?: ClientPace,
) {
  const fake = openFakeSession('sluice.v1.json', { firstFrameMs: 10_000 }, [], () => {}, {
    identity: leasedIdentity(later),
    principal,
    pace,
  });
  t.teardown(() => fake.session.closed());
  const send = (...frames: Json[]) => {
    for (const frame of frames) fake.session.receive(Buffer.from(JSON.stringify(frame)), false);
  };
  const taken = async () => {
    const frames: Json[] = [];
    for (;;) {
      await settle();
      const bytes = fake.socket.take();
      if (bytes === undefined) return frames;
      frames.push(JSON.parse(bytes.toString()) as Json);
    }
  };
  return { ...fake, send, taken };
}

const auth = (token: string): Json => ({ auth: { token } });
const call = (id: number, token?: string): Json => ({
  open: {
    id,
    method: 'foreign.v1.Foreign/Both',
    credit: 10,
    ...(token === undefined ? {} : { metadata: { authorization: `Bearer ${token}` } }),
  },
});
const refused = (id: number) => ({ end: { id, status: { code: 16 } } });
const reasonOf = (frame: Json | undefined) => JSON.stringify(frame?.end).match(/CREDENTIAL_\w+/)?.[0];

// One clock for all of them, because all alarms share a timer.
t.test('by a stopped clock', async (t) => {
  const clock = stopClock(t);
  await t.test(
    'a session without a credential may call nothing that needs one, until it has one',
    async (t) => {
      const { send, taken, socket, transport } = open(t);
      send(call(1));
      const frames = await taken();
      t.match(frames, [refused(1)]);
      t.equal(reasonOf(frames[0]), 'CREDENTIAL_NEEDED');
      send(auth('me::60000'), call(2));
      const [authenticated, opened] = await taken();
      const left = Number(authenticated?.authenticated?.expiresInMs);
      t.ok(left > 55_000 && left <= 60_000, String(left));
      t.match(opened, { opened: { id: 2 } });
      t.same(
        transport.calls[0]?.metadata.filter(([name]) => name === 'authorization'),
        [['authorization', 'Bearer me::60000']],
      );
      clock.pass(20_000);
      t.equal(socket.closedWith, undefined, 'auth is a first frame');
    },
  );

  await t.test('what is read counts for the principal that auth names, from then on', async (t) => {
    const limits = new ExchangeLimits({ bytesPerSecond: 1_000 });
    const source = { address: '', group: '', isProxied: false, proto: undefined, host: undefined };
    const pace = limits.paceOf(source, ANONYMOUS) as ClientPace;
    const { send, taken } = open(t, ANONYMOUS, undefined, pace);
    pace.took(3_000);
    send(auth('bad'));
    t.ok(pace.owedMs > 1_000, 'who is not known owes as before');
    const { send: sendAgain, taken: takenAgain } = open(t, ANONYMOUS, undefined, pace);
    sendAgain(auth('me::60000'));
    t.match(await takenAgain(), [{ authenticated: {} }]);
    t.equal(pace.owedMs, 0, 'the principal owes nothing');
    pace.took(3_000);
    t.ok(pace.owedMs > 1_000);
    const elsewhere = limits.paceOf(source, ANONYMOUS) as ClientPace;
    open(t, ANONYMOUS, undefined, elsewhere).send(auth('me::60000'));
    await settle();
    t.ok(elsewhere.owedMs > 1_000, 'and so do its other sessions');
    t.strictSame(await taken(), []);
  });

  await t.test('a bad credential closes with 4401, and says nothing of what is wrong', async (t) => {
    for (const token of ['bad', '', 'x'.repeat(70_000)]) {
      const { send, socket, session } = open(t);
      send(auth(token), call(1));
      await settle();
      t.match(socket.closedWith, { code: 4401, reason: 'the credential is not accepted: get a new one' });
      t.equal(session.heldBytes, 0);
    }
  });

  await t.test(
    'what comes while a credential is checked waits for it, and the check of it for the one before',
    async (t) => {
      const wake: (() => void)[] = [];
      const { send, taken, transport, socket } = open(
        t,
        ANONYMOUS,
        () => new Promise((resolve) => wake.push(resolve)),
      );
      send(auth('me::60000'), call(1), auth('me:a:90000'), call(2), { ping: { token: 'p' } });
      t.match(await taken(), [{ pong: { token: 'p' } }]);
      t.equal(wake.length, 1);
      wake[0]?.();
      t.match(await taken(), [{ authenticated: {} }, { opened: { id: 1 } }]);
      t.equal(wake.length, 2);
      wake[1]?.();
      t.match(await taken(), [{ authenticated: {} }, { opened: { id: 2 } }]);
      t.equal(transport.calls.length, 2);
      send(auth('other::60000'), call(3));
      await settle();
      wake[2]?.();
      await settle();
      t.match(socket.closedWith, { code: 4401 });
      t.equal(transport.calls.length, 2, 'nothing is opened behind a credential that is refused');
    },
  );

  await t.test('a session is asked for a new credential, has a grace, and ends', async (t) => {
    const { send, taken, socket, transport } = open(t, leaseOf('me::60000'));
    send(call(1));
    t.match(await taken(), [{ opened: { id: 1 } }]);
    clock.pass(34_000);
    t.same(await taken(), []);
    clock.pass(1_100);
    const [asked] = await taken();
    const inMs = Number(asked?.authExpires?.inMs);
    t.ok(inMs > 24_000 && inMs <= 25_000, String(inMs));
    clock.pass(24_000);
    send(call(2));
    t.match(await taken(), [{ opened: { id: 2 } }], 'it has not ended yet');
    clock.pass(2_000);
    send(call(3), call(4, 'me::60000'));
    const inGrace = await taken();
    t.match(inGrace, [refused(3), { opened: { id: 4 } }]);
    t.equal(reasonOf(inGrace[0]), 'CREDENTIAL_EXPIRED');
    t.equal(transport.calls.length, 3);
    clock.pass(22_000);
    t.equal(socket.closedWith, undefined);
    clock.pass(3_000);
    const last = await taken();
    t.match(last, [refused(1), refused(2), refused(4)]);
    t.ok(last.every((frame) => reasonOf(frame) === 'CREDENTIAL_EXPIRED'));
    t.equal(socket.closedWith?.code, 4401);
  });

  await t.test('one with less than fifty seconds is asked at half', async (t) => {
    const { taken } = open(t, leaseOf('me::10000'));
    clock.pass(4_900);
    t.same(await taken(), []);
    clock.pass(200);
    t.match(await taken(), [{ authExpires: {} }]);
  });

  await t.test(
    'a new credential keeps the session, also in the grace, and widens nothing that runs',
    async (t) => {
      const { send, taken, socket, transport } = open(t, leaseOf('me::60000'));
      send(call(1));
      clock.pass(70_000);
      t.match(await taken(), [{ opened: { id: 1 } }, { authExpires: {} }]);
      send(auth('me:admin:60000'), call(2));
      t.match(await taken(), [{ authenticated: {} }, { opened: { id: 2 } }]);
      t.same(
        transport.calls.map(({ metadata }) => metadata.find(([name]) => name === 'authorization')?.[1]),
        [undefined, 'Bearer me:admin:60000'],
      );
      clock.pass(30_000);
      t.equal(socket.closedWith, undefined, 'the grace of the old one is over');
      clock.pass(6_000);
      t.match(await taken(), [{ authExpires: {} }]);
    },
  );

  await t.test('another subject or tenant is refused', async (t) => {
    for (const token of ['you::60000', 'me::60000:acme']) {
      const { send, socket } = open(t, leaseOf('me::60000'));
      send(auth(token));
      await settle();
      t.equal(socket.closedWith?.code, 4401, token);
    }
  });

  await t.test('floods of credentials end the session', async (t) => {
    const { send, socket, taken } = open(t);
    for (let index = 0; index < 10; index += 1) send(auth('me::60000'));
    t.equal((await taken()).length, 10);
    t.equal(socket.closedWith, undefined);
    send(auth('me::60000'));
    t.equal(socket.closedWith?.code, 4429);
  });

  await t.test('the alarm ends with the session', async (t) => {
    const { session, taken } = open(t, leaseOf('me::60000'));
    session.closed();
    clock.pass(120_000);
    t.same(await taken(), []);
  });
});

for (const protocol of PROTOCOLS) {
  t.test(`${protocol} on the wire`, async (t) => {
    const { wsUrl } = await serveCalls(
      t,
      await foreignSchema(),
      () => {
        throw new Error('nothing is called');
      },
      {},
      leasedIdentity(),
    );
    const session = await openSession(wsUrl, protocol);
    await session.send({ auth: { token: 'me::300' } });
    const answer = await session.next();
    const left = Number(answer?.authenticated?.expiresInMs);
    t.ok(left > 0 && left <= 300);
    const asked = await session.next();
    t.ok(Number(asked?.authExpires?.inMs) < 300);
    await session.send({ auth: { token: 'you::300' } });
    t.match(await session.closed, { code: 4401 });
    await t.rejects(
      connect(`${wsUrl}/_sluice/session`, { headers: { authorization: 'Bearer bad' } }, [protocol]),
      /401/,
    );
  });
}
