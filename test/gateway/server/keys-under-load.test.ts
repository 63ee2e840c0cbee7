import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import t, { type Test } from 'tap';
import { parseConfig } from '../../../gateway/server/config/index.js';
import { bytes, openForeign } from '../../support/foreign.js';
import { until } from '../../support/http.js';
import { connectHttp2 } from '../../support/http2-client.js';
import { type Issuer, type IssuerKey, issuerKey, openIssuer } from '../../support/issuer.js';
import { tokenTime } from '../../support/token-time.js';
import { authSurfaces, type Outcome } from './identity-surfaces.js';

/** Surfaces whose every call is one of the service. */
const SURFACES = [
  'json',
  'json, Fastify',
  'sse',
  'ndjson',
  'grpc-web',
  'connect unary',
  'websocket',
  'session',
  'session call',
  'json, HTTP/2',
  'grpc',
];

/** Of each client, at least, in each phase. */
const CALLS = 2;

/** What a client showed: good, of a key that is published nowhere, or with a signature that its key has not made. */
type Shown = 'good' | 'unknown key' | 'forged';

interface Seen extends Outcome {
  readonly surface: string;
  readonly shown: Shown;
  /** It began and ended in this one; `undefined`: time has passed meanwhile. */
  readonly phase: string | undefined;
}

const isIn = ({ status, code }: Outcome) => status < 300 && (code ?? 0) === 0;
const is503 = ({ status, code, reason }: Outcome) =>
  reason === 'KEYS_UNREACHABLE' && (status === 503 || code === 14);
const is401 = ({ status, code, reason }: Outcome) =>
  reason === 'CREDENTIAL_INVALID' && (status === 401 || code === 16);

async function setUp(t: Test) {
  const time = tokenTime(t);
  const [first, stranger] = [await issuerKey('first'), await issuerKey('stranger')];
  const issuer = await openIssuer(t, [first]);
  const config = await parseConfig(
    `auth:\n  issuers: [{ issuer: "${issuer.issuer}", audience: [sluice], keys: { jwksUrl: "${issuer.jwksUrl}" } }]\n`,
    'test.yaml',
  );
  const one = [{ out: await bytes({ text: 'a' }) }] as const;
  const foreign = await openForeign(t, { Ask: one, Down: one, Up: one }, { config });
  const surfaces = authSurfaces(foreign.url, connectHttp2(t, foreign.url));
  const told = (message: string) => foreign.lines.filter(({ msg }) => msg === message).length;
  let count = 0;
  /** For the whole test, whatever time has passed. */
  const exp = time.now + 1_000_000;
  const sign = (key: IssuerKey, head = {}) => {
    count += 1;
    return issuer.sign(key, { exp, sub: `client-${count % 50}` }, head);
  };
  return { time, first, stranger, issuer, surfaces, told, sign };
}

type World = Awaited<ReturnType<typeof setUp>>;

/** Clients that call on every surface until the test is over, each as soon as the call before it has ended. */
function startLoad({ surfaces, stranger, sign }: World, signer: { key: IssuerKey }) {
  const seen: Seen[] = [];
  let phase = '';
  let isOver = false;
  let unknown = 0;
  const tokens: Record<Shown, () => Promise<string>> = {
    good: () => sign(signer.key),
    'unknown key': () => sign(stranger, { kid: `none-${++unknown}` }),
    forged: () => sign(stranger, { kid: signer.key.kid }),
  };
  const clients = SURFACES.flatMap((surface) =>
    (['good', 'good', 'unknown key', 'forged'] as const).map(async (shown) => {
      while (!isOver) {
        const began = phase;
        const outcome = await (surfaces[surface] as NonNullable<(typeof surfaces)[string]>)([
          `Bearer ${await tokens[shown]()}`,
        ]);
        seen.push({ ...outcome, surface, shown, phase: began === phase ? phase : undefined });
      }
    }),
  );
  const during = (name: string) => seen.filter((one) => one.phase === name);
  return {
    /** From now on; what ends later and began before is of no phase. */
    begin(name: string) {
      phase = name;
    },
    during,
    seen,
    /** Some calls of every client whom that is said of, from their beginning to their end. */
    async calls(t: Test, kinds: readonly Shown[] = ['good', 'unknown key', 'forged']) {
      const name = phase;
      await until(t, `calls in ${name}`, () => {
        const inPhase = during(name);
        return SURFACES.every((surface) =>
          kinds.every(
            (kind) => inPhase.filter((one) => one.surface === surface && one.shown === kind).length >= CALLS,
          ),
        );
      });
      return during(name);
    },
    async stop() {
      isOver = true;
      await Promise.all(clients);
    },
  };
}

/** Who is let in, and how the others are refused: all of a kind, on each surface. */
function judge(
  t: Test,
  what: string,
  seen: readonly Seen[],
  rules: Partial<Record<Shown, (outcome: Outcome) => boolean>>,
) {
  for (const [shown, rule] of Object.entries(rules)) {
    const wrong = seen.filter((one) => one.shown === shown && !rule(one));
    t.same(wrong.slice(0, 3), [], `${what}: ${shown}, of ${seen.length} calls`);
  }
}

t.test('keys rotate and are away under load: every good token is served, and no other', async (t) => {
  const world = await setUp(t);
  const { issuer, time, told, first } = world;
  const second = await issuerKey('second');
  const signer = { key: first };
  const load = startLoad(world, signer);
  t.teardown(() => load.stop());
  const normal = { good: isIn, 'unknown key': is401, forged: is401 };

  load.begin('one key');
  judge(t, 'one key', await load.calls(t), normal);
  t.equal(issuer.fetches, 2, 'at the start, and one for all unknown keys');

  issuer.keys = [first.jwk, second.jwk];
  time.pass(31_000);
  // The first client with the new key may be the first who asks for it.
  signer.key = second;
  load.begin('both keys');
  judge(t, 'both keys', await load.calls(t), normal);
  t.equal(issuer.fetches, 3, 'one more');
  const old = `Bearer ${await world.sign(first)}`;
  for (const surface of SURFACES) t.ok(isIn((await world.surfaces[surface]?.([old])) as Outcome), surface);

  issuer.keys = [second.jwk];
  time.pass(31_000);
  load.begin('the new key');
  await until(t, 'the new keys', () => told('keys of an issuer loaded') === 3);
  load.begin('the new key alone');
  judge(t, 'the new key', [...load.during('the new key'), ...(await load.calls(t))], normal);
  t.equal(issuer.fetches, 4, 'one more');
  for (const surface of SURFACES) t.ok(is401((await world.surfaces[surface]?.([old])) as Outcome), surface);

  const inner = await openInner(t);
  for (const [what, answer] of Object.entries(outages(inner.url))) {
    await outage(t, world, load, what, answer);
  }
  t.equal(inner.requests, 0, 'no redirect was followed');

  // Nothing counts any more, and nothing is refused as wrong.
  issuer.answer = outages(inner.url).down;
  const { fetches } = issuer;
  time.pass(3_600_000);
  load.begin('no keys');
  judge(t, 'no keys', await load.calls(t), { good: is503, 'unknown key': is503, forged: is503 });
  t.equal(issuer.fetches, fetches + 1, 'one for all of them');
  time.pass(4_999);
  load.begin('no keys, a moment later');
  await load.calls(t);
  t.equal(issuer.fetches, fetches + 1, 'none within 5 s');

  issuer.answer = undefined;
  time.pass(1);
  load.begin('back');
  judge(t, 'back', await load.calls(t), { good: isIn });
  t.ok(issuer.fetches <= fetches + 3, 'one more, and one for unknown keys');
  await load.stop();
  const bad = load.seen.filter(({ shown }) => shown !== 'good');
  t.same(bad.filter(isIn), [], `of ${load.seen.length} calls no bad one got in, whenever it was`);
});

/** What an issuer answers in place of its keys; `slow` answers when the test has it answer. */
function outages(inner: string): Record<string, Issuer['answer']> {
  return {
    down: ({ socket }) => void socket.destroy(),
    'an error': (_, response) => response.writeHead(500).end(),
    HTML: (_, response) => response.end('<html>sign in</html>'),
    huge: (_, response) => response.end(`{"keys":[],"x":"${'x'.repeat(2_000_000)}"}`),
    empty: (_, response) => response.end('{"keys":[]}'),
    'a redirect': (_, response) => response.writeHead(302, { location: inner }).end(),
    slow: () => {},
  };
}

/** The keys are old, and the issuer does not give them; then it does again. */
async function outage(
  t: Test,
  { issuer, time, told }: World,
  load: ReturnType<typeof startLoad>,
  what: string,
  answer: Issuer['answer'],
) {
  const held: ServerResponse[] = [];
  issuer.answer = what === 'slow' ? (_, response) => void held.push(response) : answer;
  const { fetches } = issuer;
  const failed = told('keys of an issuer not loaded');
  time.pass(601_000);
  load.begin(`${what} begins`);
  if (what === 'slow') {
    judge(t, what, await load.calls(t, ['good']), { good: isIn });
    t.equal(issuer.fetches, fetches + 1, 'one fetch is under way, and all who need it wait for it');
    for (const response of held) response.end(JSON.stringify({ keys: issuer.keys }));
  } else {
    await until(t, `${what} is noticed`, () => told('keys of an issuer not loaded') === failed + 1);
    judge(t, `${what} begins`, load.during(`${what} begins`), { good: isIn });
    load.begin(what);
    // The unknown key may be one that the issuer would have.
    const seen = await load.calls(t);
    judge(t, what, seen, { good: isIn, 'unknown key': is503, forged: is401 });
    const most = fetches + 2;
    t.ok(issuer.fetches <= most, `${what}: a refresh, and one for unknown keys`);
    time.pass(29_999);
    load.begin(`${what} goes on`);
    await load.calls(t, ['unknown key']);
    t.ok(issuer.fetches <= most, `${what}: no more within 30 s, after ${load.seen.length} calls`);
  }
  issuer.answer = undefined;
  const away = issuer.fetches;
  time.pass(30_001);
  load.begin(`${what} ends`);
  await until(t, `a fetch after ${what}`, () => issuer.fetches > away);
  judge(t, `${what} ends`, await load.calls(t, ['good']), { good: isIn, forged: is401 });
}

/** What a redirect may not reach. */
async function openInner(t: Test) {
  const inner = { url: '', requests: 0 };
  const server = createServer((_, response) => {
    inner.requests += 1;
    response.end('{}');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  });
  inner.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/latest/meta-data`;
  return inner;
}
