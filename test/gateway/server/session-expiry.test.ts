import t, { type Test } from 'tap';
import { createDeferred } from '../../../gateway/async/index.js';
import { parseConfig } from '../../../gateway/server/config/index.js';
import { bytes, json, method, openForeign } from '../../support/foreign.js';
import { issuerKey, openIssuer } from '../../support/issuer.js';
import { stopDate } from '../../support/moved-date.js';
import {
  type Frame,
  openOf,
  openSession,
  PROTOCOLS,
  type Protocol,
  type SessionClient,
} from '../../support/session.js';

// Sessions whose tokens end while they are open: real tokens, real sockets, and a time that the test moves.

const WAIT = createDeferred<void>();

async function setUp(t: Test, protocol: Protocol) {
  const [key, stranger] = [await issuerKey('es'), await issuerKey('stranger')];
  const issuer = await openIssuer(t, [key]);
  const config = await parseConfig(
    `auth:
  issuers: [{ issuer: "${issuer.issuer}", audience: [sluice], keys: { jwksUrl: "${issuer.jwksUrl}" } }]
  tenantClaim: org
  scopesClaim: scope
methods:
  foreign.v1.Foreign/Down: { access: { scopes: [files] } }
`,
    'test.yaml',
  );
  const item = async (text: string) => ({ out: await bytes({ text }) });
  const more = createDeferred<void>();
  const calls = [
    [{ in: 1 }, await item('1'), { wait: more.promise }, await item('2'), { wait: WAIT.promise }],
    [{ in: 1 }, await item('3'), await item('4')],
  ] as const;
  let asked = 0;
  const foreign = await openForeign(
    t,
    {
      Ask: [await item('a')],
      Numbered: () => calls[asked++] ?? [],
      Down: [await item('a')],
    },
    { config },
  );
  const time = stopDate(t);
  const sign = (claims = {}, by = key) =>
    issuer.sign(by, { org: 'acme', iat: time.now, exp: time.now + 60, ...claims });
  const open = async (claims = {}) =>
    await openSession(foreign.wsUrl, protocol, {
      headers: { authorization: `Bearer ${await sign(claims)}` },
    });
  return { foreign, time, stranger, sign, open, more };
}

const auth = (token: string): Frame => ({ auth: { token } });
const ask = (id: number): Frame[] => [openOf(id, 'Ask'), { message: { id, data: {} } }];
const codeOf = (frames: Frame[]) => (frames.at(-1)?.end?.status as { code?: number } | undefined)?.code;
const reasonOf = (frames: Frame[]) => /CREDENTIAL_\w+|ACCESS_\w+/.exec(JSON.stringify(frames))?.[0];

/** The next frame of the kind; those of calls before it are passed over. */
async function frameOf(session: SessionClient, kind: string) {
  for (;;) {
    const frame = await session.next();
    if (frame === undefined || frame[kind] !== undefined) return frame?.[kind];
  }
}

async function startNumbers(session: SessionClient, id: number, cursor?: string) {
  await session.send(openOf(id, 'Numbered', cursor === undefined ? {} : { cursor }), {
    message: { id, data: {} },
  });
}

/** The next message of a call. */
async function textOf(session: SessionClient, id: number) {
  for (;;) {
    const frame = await session.of(id);
    if (frame === undefined || frame.end !== undefined) return frame;
    if (frame.message !== undefined) return (frame.message.data as { text?: string }).text;
  }
}

for (const protocol of PROTOCOLS) {
  t.test(protocol, async (t) => {
    await t.test('a session with a new token of the same principal goes on', async (t) => {
      const { foreign, time, sign, open, more } = await setUp(t, protocol);
      const session = await open();
      await startNumbers(session, 1);
      t.equal(await textOf(session, 1), '1');
      await time.pass(36_000);
      const inMs = Number((await frameOf(session, 'authExpires'))?.inMs);
      t.ok(inMs > 22_000 && inMs <= 25_000, String(inMs));
      const second = await sign({ scope: 'files' });
      await session.send(auth(second));
      const expires = Number((await frameOf(session, 'authenticated'))?.expiresInMs);
      t.ok(expires > 58_000 && expires <= 60_000, String(expires));
      // Longer than the first one and its grace.
      await time.pass(52_000);
      more.resolve();
      t.equal(await textOf(session, 1), '2', 'what it had opened runs on');
      t.ok((await frameOf(session, 'authExpires')) !== undefined, 'it is asked again');
      await session.send(auth(await sign()), ...ask(2));
      t.equal(codeOf(await session.all(2)), 0);
      const { metadata } = await foreign.upstream.call(method('Ask'));
      const [value = ''] = metadata.filter(([name]) => name === 'authorization').map(([, one]) => one);
      t.not(value, `Bearer ${second}`, 'what is opened later has the newest one');
      await session.send(openOf(3, 'Down'), { message: { id: 3, data: {} } });
      t.equal(reasonOf(await session.all(3)), 'ACCESS_DENIED', 'with its scopes, and no others');
      session.test.socket.close();
      await session.closed;
    });

    await t.test('without one it has a grace, ends, and nothing is lost', async (t) => {
      const { foreign, time, open, more } = await setUp(t, protocol);
      const session = await open();
      await startNumbers(session, 1);
      t.equal(await textOf(session, 1), '1');
      await time.pass(61_000);
      await session.send(...ask(2));
      t.equal(reasonOf(await session.all(2)), 'CREDENTIAL_EXPIRED', 'nothing new is opened');
      more.resolve();
      t.equal(await textOf(session, 1), '2', 'what runs goes on');
      await time.pass(26_000);
      const end = await session.all(1);
      t.equal(codeOf(end), 16);
      t.equal(reasonOf(end), 'CREDENTIAL_EXPIRED');
      t.equal((await session.closed).code, 4401);
      t.equal(foreign.upstream.calls(method('Ask')).length, 0);
      const again = await open();
      await startNumbers(again, 1, '2');
      t.same([await textOf(again, 1), await textOf(again, 1)], ['3', '4']);
      t.equal(codeOf(await again.all(1)), 0);
      const asked = await foreign.upstream.call(method('Numbered'), 1);
      t.match(await json(asked.received[0]), { text: '2' }, 'the service is asked for what comes after it');
      again.test.socket.close();
      await again.closed;
    });

    await t.test('a token that comes in the grace keeps everything', async (t) => {
      const { time, sign, open, more } = await setUp(t, protocol);
      const session = await open();
      await startNumbers(session, 1);
      t.equal(await textOf(session, 1), '1');
      await time.pass(80_000);
      await session.send(auth(await sign()), ...ask(2));
      t.equal(codeOf(await session.all(2)), 0);
      await time.pass(10_000);
      more.resolve();
      t.equal(await textOf(session, 1), '2', 'the grace of the first one is over');
      session.test.socket.close();
      await session.closed;
    });

    await t.test('a token that is another principal’s, or none, ends the session', async (t) => {
      const { time, sign, open, stranger } = await setUp(t, protocol);
      const tokens = {
        'another subject': await sign({ sub: 'bob' }),
        'another tenant': await sign({ org: 'other' }),
        'no tenant': await sign({ org: undefined }),
        'another audience': await sign({ aud: 'other' }),
        'one that has ended': await sign({ exp: time.now - 60 }),
        'the key of a stranger': await sign({}, stranger),
        'no token': 'x',
      };
      for (const [what, token] of Object.entries(tokens)) {
        const session = await open();
        await session.send(auth(token), ...ask(1));
        t.match(await session.closed, { code: 4401, reason: /get a new one$/ }, what);
        t.notOk(
          session.test.frames.some((frame) => /authenticated|opened/.test(String(frame))),
          what,
        );
      }
    });
  });
}
