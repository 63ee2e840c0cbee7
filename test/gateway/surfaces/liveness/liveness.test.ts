import type { Socket } from 'node:net';
import t from 'tap';
import { bytes, method, openForeign } from '../../../support/foreign.js';
import { http, settled, until } from '../../../support/http.js';
import { quiet } from '../../../support/quiet.js';
import { post, raw, trickle } from '../../../support/raw-client.js';
import { connect, type TestSocket } from '../../../support/websocket.js';

// What these tests show is about time, so the bounds are set small; what must be in time has several times the time that it takes.

const JSON_BODY = 'application/json';

for (const name of ['Ask', 'Down'] as const) {
  t.test(`a head without its body ends at the deadline: ${name}`, async (t) => {
    const { url, upstream, gateway } = await openForeign(t, { Ask: [], Down: [] });
    const head = post(method(name), JSON_BODY, 'content-length: 100\r\ngrpc-timeout: 100m\r\n\r\n');
    const client = await raw(t, url, head);
    await until(t, 'the answer', () => client.answer.includes('grpc-status: 4'));
    t.match(client.answer, /^HTTP\/1.1 504 /);
    await client.closed;
    t.equal(upstream.calls(method(name)).length, 0, 'no call was opened');
    await until(t, 'no exchange to be open', () => gateway.openExchanges === 0);
  });

  t.test(`a body that stops, or trickles, is 408: ${name}`, async (t) => {
    const { url, upstream, gateway } = await openForeign(
      t,
      { Ask: [], Down: [] },
      { limits: { messageTimeoutMs: 150 } },
    );
    const head = post(method(name), JSON_BODY, 'content-length: 10000\r\n\r\n');
    const stopped = await raw(t, url, `${head}{`);
    const trickling = await raw(t, url, head);
    trickle(t, trickling, ' ', 20);
    for (const client of [stopped, trickling]) {
      await until(t, 'the answer', () => client.answer.includes('grpc-status: 4'));
      t.match(client.answer, /^HTTP\/1.1 408 /);
      await client.closed;
    }
    t.equal(upstream.calls(method(name)).length, 0, 'no call was opened');
    await until(t, 'no exchange to be open', () => gateway.openExchanges === 0);
  });
}

t.test('while draining, a unary request that has not come whole is waited for', async (t) => {
  const { url, gateway } = await openForeign(
    t,
    { Ask: [{ in: 'end' }, { out: await bytes({ text: 'done' }) }] },
    { graceMs: 60_000 },
  );
  const client = await raw(t, url, post(method('Ask'), JSON_BODY, 'content-length: 2\r\n\r\n{'));
  await until(t, 'the request', () => gateway.openExchanges === 1);
  const closed = gateway.close();
  client.socket.write('}');
  await Promise.all([closed, client.closed]);
  t.match(client.answer, '"text":"done"');
});

t.test('while draining, a stream request that has not come whole is refused at once', async (t) => {
  const { url, gateway } = await openForeign(t, { Down: [] }, { graceMs: 60_000 });
  const client = await raw(t, url, post(method('Down'), JSON_BODY, 'content-length: 2\r\n\r\n{'));
  await until(t, 'the request', () => gateway.openExchanges === 1);
  await Promise.all([gateway.close(), client.closed]);
  t.match(client.answer, /^HTTP\/1.1 503 /);
});

t.test('a request that never comes whole does not outlast the grace', async (t) => {
  const { url, gateway } = await openForeign(t, { Ask: [] }, { graceMs: 100 });
  const client = await raw(t, url, post(method('Ask'), JSON_BODY, 'content-length: 2\r\n\r\n{'));
  await until(t, 'the request', () => gateway.openExchanges === 1);
  await gateway.close();
  await client.closed;
  t.equal(gateway.openExchanges, 0);
});

const NDJSON = 'application/x-ndjson';
const OCTETS = 'application/octet-stream';
const CHUNKED = 'transfer-encoding: chunked\r\n\r\n';

for (const [what, name, type, begin, byte] of [
  ['a line that trickles', 'Up', NDJSON, '2\r\n{}\r\n', '1\r\n \r\n'],
  ['an upload that trickles', 'Store', OCTETS, '2\r\nab\r\n', '1\r\nc\r\n'],
] as const) {
  t.test(`${what} ends the call`, async (t) => {
    const { url, upstream } = await openForeign(
      t,
      { [name]: [{ in: 'end' }] },
      { limits: { messageTimeoutMs: 150 } },
    );
    const client = await raw(t, url, post(method(name), type, CHUNKED));
    // Otherwise it may be over before the service has heard of it.
    const call = await upstream.call(method(name));
    client.socket.write(begin);
    trickle(t, client, byte, 20);
    await until(t, 'the answer', () => client.answer.includes('grpc-status: 4'));
    t.match(client.answer, /^HTTP\/1.1 408 /);
    await call.over;
    t.ok(call.cancelled);
    t.notOk(call.halfClosed, 'a part is not taken for the whole');
  });
}

t.test('a body that brings its messages in time may take as long as it likes', async (t) => {
  const { url } = await openForeign(
    t,
    { Up: [{ in: 'end' }, { out: await bytes({ text: 'done' }) }] },
    { limits: { messageTimeoutMs: 2_500 } },
  );
  const client = await raw(t, url, post(method('Up'), NDJSON, CHUNKED));
  // Each chunk ends a line and begins the next: there is always one that has begun.
  for (let n = 0; n < 20; n += 1) {
    client.socket.write('6\r\n{ }\n{ \r\n3\r\n}\n \r\n');
    await quiet(150);
  }
  client.socket.write('0\r\n\r\n');
  await until(t, 'the answer', () => client.answer.includes('done'));
});

t.test('a body that is silent between messages ends the call after bodyIdleMs', async (t) => {
  const { url, upstream } = await openForeign(t, { Up: [{ in: 'end' }] }, { limits: { bodyIdleMs: 1_000 } });
  const client = await raw(t, url, `${post(method('Up'), NDJSON, CHUNKED)}3\r\n{}\n\r\n`);
  await until(t, 'the answer', () => client.answer.includes('grpc-status: 4'));
  t.match(client.answer, /^HTTP\/1.1 408 /);
  const call = await upstream.call(method('Up'));
  await call.over;
  t.notOk(call.halfClosed);
});

t.test('a service that does not read is not held against the client', async (t) => {
  let goOn: () => void = () => {};
  const wait = new Promise<void>((resolve) => {
    goOn = resolve;
  });
  const { url, upstream } = await openForeign(
    t,
    { Up: [{ in: 1 }, { wait }, { in: 'end' }, { out: await bytes({ text: 'done' }) }] },
    { limits: { messageTimeoutMs: 2_500, bodyIdleMs: 2_500 } },
  );
  const line = `${JSON.stringify({ text: 'x'.repeat(10_000) })}\n`;
  const answer = http(url + method('Up'), {
    method: 'POST',
    headers: { 'content-type': NDJSON },
    body: line.repeat(2_000),
  });
  await upstream.call(method('Up'));
  // Longer than both, and there is more to come all the time.
  await quiet(3_000);
  goOn();
  t.match(await answer, { status: 200, text: /done/ });
});

t.test('a WebSocket client that says good-bye unread after the call has ended is let go', async (t) => {
  const item = await bytes({ text: 'x'.repeat(10_000) });
  const { wsUrl, upstream, gateway } = await openForeign(
    t,
    { Down: [{ in: 'end' }, { out: item, times: 4_000 }] },
    // So that no write waits, and the end does.
    { limits: { highWaterBytes: 2 ** 30 } },
  );
  const client = await connect(wsUrl + method('Down'));
  client.socket.send('{}');
  client.socket.pause();
  const call = await upstream.call(method('Down'));
  await call.over;
  t.equal(call.accepted, 4_000);
  await settled(() => gateway.openExchanges, 300);
  t.equal(gateway.openExchanges, 1, 'the last frames wait for the client');
  streamOf(client).end();
  await until(t, 'no exchange to be open', () => gateway.openExchanges === 0);
  client.socket.terminate();
});

/** The socket under a WebSocket client, to do what no WebSocket client does. */
function streamOf(client: TestSocket): Socket {
  return (client.socket as unknown as { _socket: Socket })._socket;
}

// The library's own answers to pings would stand in the middle of the frame.
const NO_PONGS = { autoPong: false };

t.test('a head that trickles, or never comes, is 408', async (t) => {
  const { url } = await openForeign(t, {}, { limits: { requestHeadMs: 200 } });
  const trickling = await raw(t, url, 'GET / HTTP/1.1\r\nx: ');
  trickle(t, trickling, 'x', 20);
  const silent = await raw(t, url, '');
  for (const client of [trickling, silent]) {
    await client.closed;
    t.match(client.answer, /^HTTP\/1.1 408 /);
    t.match(client.answer, '"status":"DEADLINE_EXCEEDED"');
  }
});

t.test('a long body is no late head', async (t) => {
  const { url } = await openForeign(
    t,
    { Up: [{ in: 'end' }, { out: await bytes({ text: 'done' }) }] },
    { limits: { requestHeadMs: 1_200 } },
  );
  const client = await raw(t, url, post(method('Up'), NDJSON, CHUNKED));
  // Longer than the head may take, and than the time between two looks at it.
  for (let n = 0; n < 26; n += 1) {
    client.socket.write('3\r\n{}\n\r\n');
    await quiet(100);
  }
  client.socket.write('0\r\n\r\n');
  await until(t, 'the answer', () => client.answer.includes('done'));
});

t.test('a WebSocket frame that trickles ends the call with DEADLINE_EXCEEDED', async (t) => {
  const { wsUrl, upstream, gateway } = await openForeign(
    t,
    { Both: [{ echo: true }] },
    { limits: { messageTimeoutMs: 1_000, heartbeatMs: 500 } },
  );
  const client = await connect(wsUrl + method('Both'), NO_PONGS);
  client.socket.send('{}');
  await client.next();
  const stream = streamOf(client);
  // A text frame of 100 bytes.
  stream.write(Buffer.from([0x81, 0x80 | 100, 0, 0, 0, 0]));
  const timer = setInterval(() => stream.write('x'), 20);
  t.teardown(() => clearInterval(timer));
  t.match(await client.closed, { code: 4004, reason: /^DEADLINE_EXCEEDED: / });
  const call = await upstream.call(method('Both'));
  await call.over;
  t.ok(call.cancelled);
  t.notOk(call.halfClosed);
  await until(t, 'no exchange to be open', () => gateway.openExchanges === 0);
});

t.test('a WebSocket message in fragments without a last one ends the call', async (t) => {
  const { wsUrl } = await openForeign(
    t,
    { Both: [{ echo: true }] },
    { limits: { messageTimeoutMs: 1_000, heartbeatMs: 250 } },
  );
  const client = await connect(wsUrl + method('Both'));
  client.socket.send('{"text":"', { fin: false });
  // The client library answers pings in between, so it is alive.
  const timer = setInterval(() => client.socket.send('x', { fin: false }), 20);
  t.teardown(() => clearInterval(timer));
  t.match(await client.closed, { code: 4004, reason: /^DEADLINE_EXCEEDED: / });
});

t.test('a large frame that comes slowly is neither a missing pong nor late', async (t) => {
  const { wsUrl } = await openForeign(
    t,
    { Both: [{ echo: true }] },
    { limits: { messageTimeoutMs: 60_000, heartbeatMs: 500 } },
  );
  const client = await connect(wsUrl + method('Both'), NO_PONGS);
  const stream = streamOf(client);
  stream.write(Buffer.from([0x81, 0x80 | 60, 0, 0, 0, 0]));
  // No pong can come from the middle of a frame: four heartbeats go without one.
  for (const byte of `{"text":"${'x'.repeat(49)}"}`) {
    stream.write(byte);
    await quiet(35);
  }
  t.match(await client.next(), 'xxx');
  client.socket.terminate();
});

t.test('a WebSocket on which the one request never comes ends with DEADLINE_EXCEEDED', async (t) => {
  const { wsUrl } = await openForeign(
    t,
    { Down: [{ in: 'end' }] },
    { limits: { messageTimeoutMs: 600, heartbeatMs: 150 } },
  );
  const client = await connect(wsUrl + method('Down'));
  t.match(await client.closed, { code: 4004 });
});

t.test('a WebSocket that is quiet between messages, or for ever, is left alone', async (t) => {
  const { wsUrl, gateway } = await openForeign(
    t,
    { Both: [{ echo: true }] },
    { limits: { messageTimeoutMs: 100, heartbeatMs: 250, bodyIdleMs: 100 } },
  );
  const client = await connect(wsUrl + method('Both'));
  let pings = 0;
  client.socket.on('ping', () => {
    pings += 1;
  });
  client.socket.send('{}');
  await client.next();
  await until(t, 'several heartbeats', () => pings >= 3);
  t.equal(gateway.openExchanges, 1);
  client.socket.send('{}');
  t.equal(await client.next(), '{}');
  client.socket.terminate();
});
