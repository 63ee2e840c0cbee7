import { setImmediate as turn } from 'node:timers/promises';
import t from 'tap';
import { bytes, method, openForeign } from '../../../support/foreign.js';
import { settled, until } from '../../../support/http.js';
import { startOwnTime } from '../../../support/own-time.js';
import { quiet } from '../../../support/quiet.js';
import { endOf, type Frame, openOf, openSession } from '../../../support/session.js';

const never = new Promise<never>(() => {});

t.test('whoever leaves ends every call within a second, also while nobody reads', async (t) => {
  const { wsUrl, upstream, gateway } = await openForeign(t, {
    Down: [{ in: 'end' }, { out: await bytes({ text: 'x'.repeat(10_000) }), times: 1_000_000 }],
    Up: [{ wait: never }],
    Both: [{ echo: true }],
  });
  for (const [index, leave] of (
    ['close', 'terminate', 'stalled close', 'stalled terminate'] as const
  ).entries()) {
    const client = await openSession(wsUrl);
    await client.send(
      openOf(1, 'Down', { credit: 1_000_000 }),
      { message: { id: 1, data: {} } },
      openOf(2, 'Up'),
      { message: { id: 2, data: {} } },
      openOf(3, 'Both', { credit: 0 }),
      { message: { id: 3, data: {} } },
      openOf(4, 'Down', { credit: 0 }),
      { message: { id: 4, data: {} } },
    );
    const calls = await Promise.all([
      upstream.call(method('Down'), 2 * index),
      upstream.call(method('Down'), 2 * index + 1),
      upstream.call(method('Up'), index),
      upstream.call(method('Both'), index),
    ]);
    if (leave.startsWith('stalled')) {
      client.test.socket.pause();
      await settled(() => (calls[0]?.accepted ?? 0) + (calls[1]?.accepted ?? 0));
    }
    const passedMs = startOwnTime(t);
    if (leave.endsWith('terminate')) client.test.socket.terminate();
    else {
      client.test.socket.close();
      // The library waits for an answer that it cannot read; a page that is closed does not.
      if (leave.startsWith('stalled'))
        (client.test.socket as unknown as { _socket: { end(): void } })._socket.end();
    }
    await Promise.all(calls.map((call) => call.over));
    await until(t, 'no exchange', () => gateway.openExchanges === 0);
    t.ok(passedMs() < 1_000, `${leave}: ${passedMs()} ms`);
    for (const call of calls) t.ok(call.cancelled, leave);
    client.test.socket.terminate();
  }
});

t.test('whoever leaves is missed also while nothing is read from it', async (t) => {
  const { wsUrl, upstream, gateway } = await openForeign(t, { Both: [{ echo: true }] });
  const client = await openSession(wsUrl);
  await client.send(openOf(1, 'Both'));
  const call = await upstream.call(method('Both'));
  const { socket } = client.test;
  socket.pause();
  // Answers that it does not read fill both kernels and the gateway, which then stops reading the questions.
  const ping = JSON.stringify({ ping: { token: 'x'.repeat(100_000) } });
  while (socket.bufferedAmount < 1_000_000) {
    socket.send(ping);
    await turn();
  }
  await settled(() => socket.bufferedAmount);
  t.notOk(call.cancelled, 'a client that only stalls is left alone');
  const passedMs = startOwnTime(t);
  socket.terminate();
  await call.over;
  await until(t, 'no exchange', () => gateway.openExchanges === 0);
  t.ok(passedMs() < 1_500, `${passedMs()} ms`);
  t.ok(call.cancelled);
});

t.test('what is wrong with the handshake is an HTTP error', async (t) => {
  const { url, wsUrl, lines } = await openForeign(
    t,
    { Both: [{ echo: true }] },
    { allowOrigins: ['https://good.example'] },
  );
  const { connect } = await import('../../../support/websocket.js');
  const path = `${wsUrl}/_sluice/session`;
  await t.rejects(connect(path), { message: 'HTTP 400' });
  await t.rejects(connect(path, {}, ['chat', 'sluice.v2']), { message: 'HTTP 400' });
  const evil = await connect(path, { origin: 'https://evil.example' }, ['sluice.v1.json']);
  t.equal((await evil.closed).code, 4403, 'but for an origin, whose page can read only the close');
  await t.rejects(connect(path, { headers: { 'grpc-metadata-te': 'x' } }, ['sluice.v1.json']), {
    message: 'HTTP 400',
  });
  await t.rejects(connect(`${path}/more`, {}, ['sluice.v1.json']), { message: 'HTTP 404' });
  const plain = await fetch(`${url}/_sluice/session`);
  t.equal(plain.status, 426);
  t.equal(plain.headers.get('upgrade'), 'websocket');
  t.match(await plain.json(), { error: { status: 'INVALID_ARGUMENT' } });
  for (const [offered, chosen] of [
    [['chat', 'sluice.v1.proto', 'sluice.v1.json'], 'sluice.v1.proto'],
    [['sluice.v1.json', 'sluice.v1.proto'], 'sluice.v1.json'],
  ] as const) {
    const client = await connect(`${path}?x=1`, { origin: 'https://good.example' }, [...offered]);
    t.equal(client.socket.protocol, chosen);
    client.socket.close();
    await client.closed;
  }
  t.equal(lines.filter(({ level }) => Number(level) >= 50).length, 0);
});

t.test('closes that the library makes, and those of the gateway, on the real socket', async (t) => {
  const { wsUrl, upstream, gateway } = await openForeign(
    t,
    { Both: [{ echo: true }] },
    { limits: { maxMessageBytes: 2_000, firstFrameMs: 1_500, heartbeatMs: 700 } },
  );
  const rawOf = (client: { test: { socket: unknown } }) =>
    (client.test.socket as { _socket: { write(bytes: Buffer): void } })._socket;
  const cases: [
    what: string,
    code: number,
    act: (client: Awaited<ReturnType<typeof openSession>>) => unknown,
  ][] = [
    [
      'text that is not UTF-8',
      1007,
      (client) => rawOf(client).write(Buffer.from([0x81, 0x81, 0, 0, 0, 0, 0xff])),
    ],
    [
      'a frame over the limit',
      1009,
      (client) => client.test.socket.send(`{"ping":{"token":"${'x'.repeat(2_000)}"}}`),
    ],
    ['binary where text is spoken', 4400, (client) => client.test.socket.send(Buffer.from('{"ping":{}}'))],
    ['an empty frame', 4400, (client) => client.test.socket.send('')],
  ];
  const neighbour = await openSession(wsUrl);
  await neighbour.send(openOf(1, 'Both', { credit: 100 }));
  await upstream.call(method('Both'));
  for (const [index, [what, code, act]] of cases.entries()) {
    const client = await openSession(wsUrl);
    await client.send(openOf(1, 'Both'), { message: { id: 1, data: {} } });
    const call = await upstream.call(method('Both'), index + 1);
    act(client);
    t.equal((await client.closed).code, code, what);
    await call.over;
    t.ok(call.cancelled, what);
    await neighbour.send({ message: { id: 1, data: { number: index + 1 } } });
    let frame = await neighbour.next();
    while (frame?.message === undefined) frame = await neighbour.next();
    t.same(frame, { message: { id: 1, data: { number: index + 1 } } }, 'the neighbour goes on');
  }
  neighbour.test.socket.close();
  const silent = await openSession(wsUrl);
  t.match(await silent.closed, { code: 4408, reason: /1500 ms/ });
  const deaf = await openSession(wsUrl, 'sluice.v1.json', { autoPong: false });
  await deaf.send(openOf(1, 'Both'));
  t.equal((await deaf.closed).code, 1008);
  await until(t, 'no exchange', () => gateway.openExchanges === 0);
});

t.test('a client that does not finish a frame, or takes nothing for too long, is cut off', async (t) => {
  const large = await bytes({ text: 'x'.repeat(100_000) });
  const { wsUrl, upstream, gateway } = await openForeign(
    t,
    { Down: [{ in: 'end' }, { out: large, times: 1_000_000 }], Both: [{ echo: true }] },
    { limits: { messageTimeoutMs: 400, maxPauseMs: 2_500 } },
  );
  const trickling = await openSession(wsUrl);
  await trickling.send(openOf(1, 'Both'));
  const call = await upstream.call(method('Both'));
  // The head of a text frame of 100 bytes, and a byte of it now and then.
  const { _socket: raw } = trickling.test.socket as unknown as { _socket: { write(bytes: Buffer): void } };
  raw.write(Buffer.from([0x81, 0x80 | 100, 0, 0, 0, 0]));
  const trickle = setInterval(() => raw.write(Buffer.from('{')), 50);
  t.teardown(() => clearInterval(trickle));
  t.match(await trickling.closed, { code: 1008, reason: /400 ms/ });
  clearInterval(trickle);
  await call.over;

  const stalled = await openSession(wsUrl);
  await stalled.send(openOf(1, 'Down', { credit: 1_000_000 }), { message: { id: 1, data: {} } });
  const down = await upstream.call(method('Down'));
  stalled.test.socket.pause();
  await down.over;
  t.ok(down.cancelled);
  await until(t, 'no exchange', () => gateway.openExchanges === 0);
  stalled.test.socket.terminate();

  const slow = await openSession(wsUrl);
  await slow.send(openOf(1, 'Down', { credit: 1_000_000 }), { message: { id: 1, data: {} } });
  for (let round = 0; round < 8; round += 1) {
    slow.test.socket.pause();
    await quiet(300);
    slow.test.socket.resume();
    await quiet(100);
  }
  t.equal(slow.test.socket.readyState, slow.test.socket.OPEN, 'one that takes something goes on');
  slow.test.socket.terminate();
});

t.test('draining: goAway, streams end with UNAVAILABLE, what ends by itself may, then 1001', async (t) => {
  let finish: () => void = () => {};
  const wait = new Promise<void>((resolve) => {
    finish = resolve;
  });
  const { wsUrl, upstream, gateway } = await openForeign(
    t,
    { Ask: [{ in: 'end' }, { wait }, { out: await bytes({ text: 'done' }) }], Both: [{ echo: true }] },
    // Half of it is for streams: what has to happen before they end has several times the time that it takes.
    { graceMs: 6_000 },
  );
  const idle = await openSession(wsUrl);
  await idle.send({ ping: { token: '' } });
  const client = await openSession(wsUrl, 'sluice.v1.proto');
  await client.send(openOf(1, 'Ask'), { message: { id: 1, data: {} } }, openOf(2, 'Both'));
  await Promise.all([upstream.call(method('Ask')), upstream.call(method('Both'))]);
  const closing = gateway.close();
  t.equal((await idle.closed).code, 1001, 'a session without calls goes at once');
  t.equal(await idle.next().then((frame) => frame?.pong !== undefined), true);
  const inTime = (frame: Frame | undefined) => {
    const { graceMs = 0 } = (frame?.goAway ?? {}) as { graceMs?: number };
    return graceMs >= 1_500 && graceMs <= 3_000;
  };
  t.ok(inTime(await idle.next()));
  await client.of(2);
  let goAway: Frame | undefined;
  for (;;) {
    const frame = await client.next();
    if (frame?.goAway !== undefined) {
      goAway = frame;
      break;
    }
  }
  t.ok(inTime(goAway), 'within a quarter of the grace');
  await client.send({ message: { id: 2, data: { number: 1 } } });
  t.match((await client.all(2)).slice(-2), [
    { message: { id: 2, data: { number: 1 } } },
    { end: { id: 2, status: { code: 14 } } },
  ]);
  finish();
  t.match((await client.all(1)).slice(-1), [endOf(1)]);
  t.equal((await client.closed).code, 1001);
  await closing;
  t.equal(gateway.openExchanges, 0);
});

t.test('a session that does not go is cut at the end of the grace', async (t) => {
  const { wsUrl, upstream, gateway } = await openForeign(t, { Ask: [{ wait: never }] }, { graceMs: 100 });
  const client = await openSession(wsUrl);
  await client.send(openOf(1, 'Ask'), { message: { id: 1, data: {} } });
  const call = await upstream.call(method('Ask'));
  client.test.socket.pause();
  await gateway.close();
  await call.over;
  t.ok(call.cancelled);
  client.test.socket.terminate();
});
