import t from 'tap';
import { bytes, json, method, openForeign } from '../../../support/foreign.js';
import { until } from '../../../support/http.js';
import { connect } from '../../../support/websocket.js';

const never = new Promise<never>(() => {});

t.test('bidi: messages both ways, half-close by an empty text frame, 1000 after OK', async (t) => {
  const { wsUrl, upstream } = await openForeign(t, { Both: [{ echo: true }] });
  const client = await connect(wsUrl + method('Both'));
  client.socket.send('{"text":"one"}');
  t.equal(await client.next(), '{"text":"one"}');
  client.socket.send('{"number":2}');
  t.equal(await client.next(), '{"number":2}');
  client.socket.send('');
  t.same(await client.closed, { code: 1000, reason: '' });
  t.ok((await upstream.call(method('Both'))).halfClosed);
});

t.test('binary frames are protobuf, and are answered in kind', async (t) => {
  const { wsUrl } = await openForeign(t, { Both: [{ echo: true }] });
  const client = await connect(wsUrl + method('Both'));
  client.socket.send(await bytes({ text: 'b' }));
  t.same(await json((await client.next()) as Buffer), { text: 'b' });
  client.socket.send('{"text":"text as well"}');
  t.same(await json((await client.next()) as Buffer), { text: 'text as well' });
  client.socket.send(Buffer.alloc(0));
  t.same(await json((await client.next()) as Buffer), {}, 'an empty binary frame is an empty message');
  client.socket.send('');
  t.equal((await client.closed).code, 1000);
});

t.test('client stream, server stream and unary over a WebSocket', async (t) => {
  const { wsUrl, upstream } = await openForeign(t, {
    Up: [{ in: 'end' }, { out: await bytes({ number: 2 }) }],
    Down: [{ in: 'end' }, { out: await bytes({ number: 1 }), times: 3 }],
    Ask: [{ in: 'end' }, { out: await bytes({ text: 'yes' }) }],
  });
  const up = await connect(`${wsUrl}/foreign/up/here`);
  up.socket.send('{"number":1}');
  up.socket.send('{"number":2}');
  up.socket.send('');
  t.equal((await up.closed).code, 1000);
  t.same(up.frames, ['{"number":2}']);
  const sent = (await upstream.call(method('Up'))).received.map((message) => json(message));
  t.same(await Promise.all(sent), [
    { text: 'here', number: 1 },
    { text: 'here', number: 2 },
  ]);

  const down = await connect(`${wsUrl}${method('Down')}?number=5`);
  down.socket.send('{"text":"q"}');
  t.equal((await down.closed).code, 1000, 'one message is all that it takes');
  t.equal(down.frames.length, 3);
  t.same(await json((await upstream.call(method('Down'))).received[0]), { text: 'q', number: 5 });

  const bare = await connect(`${wsUrl}${method('Down')}`);
  bare.socket.send('');
  t.equal((await bare.closed).code, 1000, 'the half-close alone is an empty message');

  const ask = await connect(wsUrl + method('Ask'));
  ask.socket.send('{}');
  ask.socket.send('');
  t.equal((await ask.closed).code, 1000);
  t.same(ask.frames, ['{"text":"yes"}']);
});

t.test('a failed call closes with 4000 and its code, and a reason that fits', async (t) => {
  const { wsUrl } = await openForeign(t, {
    Both: [{ in: 1 }, { status: 'FAILED_PRECONDITION', message: 'ü'.repeat(100) }],
  });
  const client = await connect(wsUrl + method('Both'));
  client.socket.send('{}');
  const { code, reason } = await client.closed;
  t.equal(code, 4009);
  t.match(reason, /^FAILED_PRECONDITION: ü+$/);
  t.ok(Buffer.byteLength(reason) <= 123);
});

t.test('bad frames close 4003 naming the field, and cancel the call', async (t) => {
  const { wsUrl, upstream } = await openForeign(t, {
    Both: [{ echo: true }],
    Down: [{ in: 'end' }, { wait: never }],
  });
  const both = wsUrl + method('Both');
  const cases: [frames: (string | Buffer)[], reason: RegExp][] = [
    [['{"number":"x"}'], /number/],
    [['{"nope":1}'], /nope/],
    [['not json'], /INVALID_ARGUMENT/],
    [[Buffer.from([0x0a, 0x7f])], /foreign\.v1\.Item/],
    [['', '{}'], /half-close/],
  ];
  for (const [index, [frames, expected]] of cases.entries()) {
    const client = await connect(both);
    // Otherwise it may be over before the service has heard of it.
    const call = await upstream.call(method('Both'), index);
    for (const frame of frames) client.socket.send(frame);
    const { code, reason } = await client.closed;
    // After a half-close the echo may be over, with OK, before the further frame has come.
    if (code !== 1000) t.match({ code, reason }, { code: 4003, reason: expected });
    else t.equal(index, 4);
    await call.over;
  }
  const down = await connect(wsUrl + method('Down'));
  down.socket.send('{}');
  await upstream.call(method('Down'));
  down.socket.send('{}');
  t.match(await down.closed, { code: 4003, reason: /one message/ });
  const call = await upstream.call(method('Down'));
  await call.over;
  t.ok(call.cancelled);
});

t.test('good frames before a bad one reach the service', async (t) => {
  const { wsUrl, upstream } = await openForeign(t, { Both: [{ echo: true }] });
  const client = await connect(wsUrl + method('Both'));
  client.socket.send('{"number":1}');
  client.socket.send('{"number":2}');
  client.socket.send('bad');
  t.equal((await client.closed).code, 4003);
  const call = await upstream.call(method('Both'));
  await call.over;
  t.ok(call.cancelled && !call.halfClosed);
});

t.test('a frame over the limit closes 1009 and cancels the call', async (t) => {
  const { wsUrl, upstream } = await openForeign(
    t,
    { Both: [{ echo: true }] },
    { limits: { maxMessageBytes: 1_000 } },
  );
  const client = await connect(wsUrl + method('Both'));
  client.socket.send('{}');
  await client.next();
  client.socket.send(`{"text":"${'x'.repeat(2_000)}"}`);
  t.equal((await client.closed).code, 1009);
  const call = await upstream.call(method('Both'));
  await call.over;
  t.ok(call.cancelled);
});

t.test('whoever leaves cancels the call: by a close, by vanishing', async (t) => {
  const { wsUrl, upstream, gateway } = await openForeign(t, { Both: [{ echo: true }] });
  for (const [index, leave] of (['close', 'terminate'] as const).entries()) {
    const client = await connect(wsUrl + method('Both'));
    client.socket.send('{}');
    await client.next();
    client.socket[leave]();
    const call = await upstream.call(method('Both'), index);
    await call.over;
    t.ok(call.cancelled, leave);
  }
  await until(t, 'no exchange to be open', () => gateway.openExchanges === 0);
});

t.test('what is wrong before the upgrade is an HTTP error', async (t) => {
  const { wsUrl, upstream } = await openForeign(
    t,
    { Both: [{ echo: true }] },
    { allowOrigins: ['https://good.example'] },
  );
  const host = new URL(wsUrl).host;
  await t.rejects(connect(`${wsUrl}/nothing/here`), { message: 'HTTP 404' });
  await t.rejects(connect(`${wsUrl}${method('Both')}?nope=1`), { message: 'HTTP 400' });
  await t.rejects(connect(wsUrl + method('Both'), { headers: { 'grpc-timeout': 'soon' } }), {
    message: 'HTTP 400',
  });
  for (const origin of ['https://evil.example', 'null', `http://${host}.evil.example`]) {
    await t.rejects(connect(wsUrl + method('Both'), { origin }), { message: 'HTTP 403' }, origin);
  }
  t.equal(upstream.calls(method('Both')).length, 0);
  for (const origin of ['https://good.example', `http://${host}`]) {
    const client = await connect(wsUrl + method('Both'), { origin });
    client.socket.close();
    await client.closed;
  }
});

t.test('no sub-protocol is chosen from those offered', async (t) => {
  const { wsUrl } = await openForeign(t, { Both: [{ echo: true }] });
  // ws itself fails a handshake in which nothing is chosen, as browsers do; so the server's silence shows.
  await t.rejects(connect(wsUrl + method('Both'), {}, ['chat']), { message: /no subprotocol/ });
});

t.test('a client that answers no ping is closed; one that only pauses is not', async (t) => {
  const { wsUrl, upstream } = await openForeign(
    t,
    { Both: [{ echo: true }] },
    { limits: { heartbeatMs: 200 } },
  );
  const deaf = await connect(wsUrl + method('Both'), { autoPong: false });
  deaf.socket.send('{}');
  t.equal((await deaf.closed).code, 1008);
  await (await upstream.call(method('Both'))).over;
  const alive = await connect(wsUrl + method('Both'));
  let pings = 0;
  alive.socket.on('ping', () => {
    pings += 1;
  });
  await until(t, 'several pings', () => pings > 4);
  t.equal(alive.socket.readyState, alive.socket.OPEN);
  alive.socket.terminate();
});

for (const stallMs of [130, 200]) {
  t.test(
    `an answer to a ping that lies unread while the gateway is stalled is not missed: ${stallMs}`,
    async (t) => {
      const { wsUrl } = await openForeign(t, { Both: [{ echo: true }] }, { limits: { heartbeatMs: 100 } });
      const { socket, closed } = await connect(wsUrl + method('Both'), { autoPong: false });
      let pings = 0;
      socket.on('ping', () => {
        pings += 1;
        // The gateway is in this process: when the stall ends, its next look is due before it reads.
        const end = performance.now() + stallMs;
        while (performance.now() < end);
        socket.pong();
      });
      void closed.then(({ code, reason }) => t.equal(code, 1006, reason));
      await until(t, 'several pings', () => pings > 4);
      t.equal(socket.readyState, socket.OPEN);
      socket.terminate();
      await closed;
    },
  );
}
