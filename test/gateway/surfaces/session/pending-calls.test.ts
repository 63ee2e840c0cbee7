import t, { type Test } from 'tap';
import { AUTHENTICATED } from '../../../../gateway/schema/index.js';
import {
  ANONYMOUS,
  createPrincipal,
  credentialRefused,
  Identity,
  type Principal,
} from '../../../../gateway/security/index.js';
import { openFakeSession, settle } from './fake-session.js';

type Json = Record<string, Record<string, unknown>>;

const PRINCIPAL = createPrincipal({
  issuer: 'i',
  subject: 'me',
  tenant: undefined,
  scopes: [],
  roles: [],
  expiresAt: undefined,
  claims: {},
});

/** A session whose calls say tokens of their own, each of which is checked when the test says so. */
function open(t: Test) {
  const identity = new Identity();
  const checks: ((principal: Principal | Error) => void)[] = [];
  identity.use({
    checkToken: () =>
      new Promise((resolve, reject) => {
        checks.push((known) => (known instanceof Error ? reject(known) : resolve(known)));
      }),
    access: AUTHENTICATED,
    ownAccess: AUTHENTICATED,
    forward: undefined,
    forwardToken: true,
    authorize: undefined,
  });
  const fake = openFakeSession('sluice.v1.json', { firstFrameMs: 60_000 }, [], () => {}, {
    identity,
    principal: ANONYMOUS,
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
  return { ...fake, send, taken, checks };
}

const openFrame = (id: number, token?: string): Json => ({
  open: {
    id,
    method: 'foreign.v1.Foreign/Both',
    credit: 10,
    ...(token === undefined ? {} : { metadata: { authorization: `Bearer ${token}` } }),
  },
});
const message = (id: number, text: string): Json => ({ message: { id, data: { text } } });

t.test('a call without a credential ends before it begins', async (t) => {
  const { send, taken, transport } = open(t);
  send(openFrame(1), message(1, 'a'));
  t.match(await taken(), [{ end: { id: 1, status: { code: 16 } } }]);
  t.equal(transport.calls.length, 0);
});

t.test(
  'what comes for a call while its token is checked waits, in order, and nothing else does',
  async (t) => {
    const { send, taken, transport, checks, session } = open(t);
    send(openFrame(1, 'a'), message(1, 'x'), message(1, 'y'), { halfClose: { id: 1 } });
    send({ ping: { token: 'p' } });
    t.match(await taken(), [{ pong: { token: 'p' } }]);
    t.ok(session.heldBytes > 0);
    checks[0]?.(PRINCIPAL);
    t.match(await taken(), [{ opened: { id: 1 } }]);
    const [call] = transport.calls;
    call?.accept();
    call?.accept();
    t.same(
      call?.received.map((bytes) => Buffer.from(bytes).toString('latin1').slice(-1)),
      ['x', 'y'],
    );
  },
);

t.test('a token that is refused ends its call, and frames behind it are passed over', async (t) => {
  const { send, taken, transport, checks, session, socket } = open(t);
  send(openFrame(1, 'a'), message(1, 'x'));
  checks[0]?.(credentialRefused('it is bad'));
  const frames = await taken();
  t.match(frames, [{ end: { id: 1, status: { code: 16 } } }]);
  t.notMatch(JSON.stringify(frames), /it is bad/);
  send(message(1, 'y'), { cancel: { id: 1 } });
  t.equal(socket.closedWith, undefined);
  t.equal(transport.calls.length, 0);
  t.equal(session.openCalls, 0);
  t.equal(session.heldBytes, 0);
});

t.test('more messages than a call may have close the session, also when they have waited', async (t) => {
  const { send, checks, socket } = open(t);
  send(openFrame(1, 'a'));
  for (let index = 0; index < 40; index += 1) send(message(1, 'x'));
  checks[0]?.(PRINCIPAL);
  await settle();
  t.equal(socket.closedWith?.code, 4400);
});

t.test('what waits is bounded, and counts towards the session', async (t) => {
  const { send, taken, checks, session } = open(t);
  send(openFrame(1, 'a'));
  const text = 'x'.repeat(3 * 1024 * 1024);
  for (let index = 0; index < 8; index += 1) send(message(1, text));
  t.ok(session.heldBytes <= 16 * 1024 * 1024 + 1024, String(session.heldBytes));
  checks[0]?.(PRINCIPAL);
  t.match(await taken(), [{ end: { id: 1, status: { code: 8 } } }]);
  t.equal(session.heldBytes, 0);
});

t.test('a client that leaves while its token is checked leaves nothing behind', async (t) => {
  const { send, checks, session, transport, exchanges } = open(t);
  send(openFrame(1, 'a'), message(1, 'x'));
  session.closed();
  t.equal(session.heldBytes, 0);
  checks[0]?.(PRINCIPAL);
  await settle();
  t.equal(transport.calls.length, 0);
  t.equal(exchanges.size, 0);
});

t.test('a call that is opened while the gateway drains is refused', async (t) => {
  const { send, taken, checks, exchanges } = open(t);
  send(openFrame(1, 'a'));
  void exchanges.drain();
  checks[0]?.(PRINCIPAL);
  t.match(
    (await taken()).filter(({ end }) => end !== undefined),
    [{ end: { id: 1, status: { code: 14 } } }],
  );
});
