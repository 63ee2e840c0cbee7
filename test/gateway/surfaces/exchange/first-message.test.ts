import t from 'tap';
import { bytes, method, openForeign } from '../../../support/foreign.js';
import { until } from '../../../support/http.js';
import { quiet } from '../../../support/quiet.js';
import { openOf, openSession, PROTOCOLS } from '../../../support/session.js';
import { connect } from '../../../support/websocket.js';

t.setTimeout(120_000);

const never = new Promise<never>(() => {});
const limits = { messageTimeoutMs: 300, bodyIdleMs: 600 };

t.test('a call that never has a message ends, and gives its place back', async (t) => {
  const idle = [{ headers: [] }, { wait: never }] as const;
  const { wsUrl, gateway, upstream } = await openForeign(
    t,
    { Ask: idle, Down: idle, Up: idle, Both: idle },
    { limits },
  );
  const kinds: [name: string, boundMs: number][] = [
    ['Ask', limits.messageTimeoutMs],
    ['Down', limits.messageTimeoutMs],
    ['Up', limits.bodyIdleMs],
    ['Both', limits.bodyIdleMs],
  ];
  for (const protocol of PROTOCOLS) {
    const session = await openSession(wsUrl, protocol);
    await session.send(...kinds.map(([name], index) => openOf(index + 1, name)));
    for (const [index, [name, boundMs]] of kinds.entries()) {
      const end = (await session.all(index + 1)).at(-1);
      // DEADLINE_EXCEEDED.
      const status = { code: 4, message: new RegExp(`^the client sent no message within ${boundMs} ms$`) };
      t.match(end, { end: { status } }, `${name} in a session`);
    }
    session.test.socket.terminate();
  }
  for (const [name] of kinds) {
    const { closed } = await connect(wsUrl + method(name));
    t.match(await closed, { code: 4004 }, `${name} on a plain WebSocket`);
    await until(t, 'the service to know', () => upstream.calls(method(name)).every(({ isOver }) => isOver));
  }
  await until(t, 'nothing to be open', () => gateway.openExchanges === 0);
});

t.test('a message, a half-close or an answer of the service ends the wait', async (t) => {
  const item = await bytes({ number: 1 });
  let release = (): void => {};
  const wait = new Promise<void>((resolve) => {
    release = resolve;
  });
  const later = [{ wait }, { out: item }] as const;
  const { wsUrl } = await openForeign(
    t,
    { Ask: later, Down: later, Up: later, Both: [{ out: item }, ...later] },
    { limits },
  );
  const session = await openSession(wsUrl);
  await session.send(
    openOf(1, 'Ask'),
    openOf(2, 'Down'),
    openOf(3, 'Up'),
    openOf(4, 'Up'),
    openOf(5, 'Both'),
  );
  await session.send(
    { message: { id: 1, data: {} } },
    { halfClose: { id: 2 } },
    { message: { id: 3, data: {} } },
    { halfClose: { id: 4 } },
  );
  const plain = await connect(wsUrl + method('Both'));
  t.type(await plain.next(), 'string', 'the service has answered');
  await quiet(3 * limits.bodyIdleMs);
  release();
  for (const id of [1, 2, 3, 4, 5]) {
    const frames = await session.all(id);
    t.match(frames.at(-1), { end: { status: { code: 0 } } }, `${id}`);
  }
  t.match(await plain.closed, { code: 1000 });
  session.test.socket.terminate();
});
