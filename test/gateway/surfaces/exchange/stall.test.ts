import t from 'tap';
import { envelope } from '../../../support/connect.js';
import { bytes, method, openForeign } from '../../../support/foreign.js';
import { open, until } from '../../../support/http.js';
import { post, raw } from '../../../support/raw-client.js';
import { connect } from '../../../support/websocket.js';

const NDJSON = 'application/x-ndjson';
const OCTETS = 'application/octet-stream';
const PAUSE_MS = 2_500;
/** Timers may be early by one, and clocks are rounded. */
const ROUNDING_MS = 5;

for (const surface of [
  'text/event-stream',
  'application/x-ndjson',
  'application/json',
  'application/json-seq',
  'application/connect+proto',
  'application/connect+json',
  'WebSocket',
] as const) {
  t.test(`a client that takes nothing is cut after maxPauseMs, and not before: ${surface}`, async (t) => {
    const item = await bytes({ text: 'x'.repeat(10_000) });
    const { url, wsUrl, upstream, gateway, lines } = await openForeign(
      t,
      { Down: [{ in: 'end' }, { out: item, times: 1_000_000 }] },
      // The heartbeat is shorter: a paused client is not taken for a dead one.
      { limits: { maxPauseMs: PAUSE_MS, heartbeatMs: 1_000 } },
    );
    const begun = performance.now();
    if (surface === 'WebSocket') {
      const client = await connect(wsUrl + method('Down'));
      client.socket.send('{}');
      client.socket.pause();
      t.teardown(() => client.socket.terminate());
    } else {
      const isConnect = surface.startsWith('application/connect+');
      const { response } = await open(
        url + method('Down'),
        isConnect
          ? { headers: { 'content-type': surface }, body: envelope(surface.endsWith('json') ? '{}' : '') }
          : { headers: { accept: surface } },
      );
      response.on('error', () => {});
      t.teardown(() => response.destroy());
    }
    const call = await upstream.call(method('Down'));
    await call.over;
    t.ok(performance.now() - begun >= PAUSE_MS - ROUNDING_MS, 'not before');
    t.ok(call.cancelled);
    await until(t, 'no exchange to be open', () => gateway.openExchanges === 0);
    t.match(
      lines.filter(({ msg }) => msg === 'call'),
      [{ code: 'RESOURCE_EXHAUSTED' }],
    );
  });
}

t.test('a client that does not take the end, or a unary answer, is cut after maxPauseMs', async (t) => {
  const large = await bytes({ text: 'x'.repeat(4_000_000) });
  const { url, gateway } = await openForeign(
    t,
    { Ask: [{ in: 'end' }, { out: large }], Down: [{ in: 'end' }, { out: large, times: 2 }] },
    { limits: { maxPauseMs: 200, highWaterBytes: 2 ** 30 } },
  );
  for (const name of ['Ask', 'Down']) {
    // Many on one connection, so that it is not the kernel that takes them.
    const client = await raw(t, url, `GET ${method(name)} HTTP/1.1\r\nhost: localhost\r\n\r\n`.repeat(4));
    client.socket.pause();
    await until(t, 'the requests', () => gateway.openExchanges > 0);
    await until(t, 'no exchange to be open', () => gateway.openExchanges === 0);
    client.socket.destroy();
  }
});

t.test('a client that leaves takes along the requests that waited for their turn', async (t) => {
  const item = await bytes({ text: 'x'.repeat(1_000) });
  const { url, upstream, gateway } = await openForeign(t, {
    Down: [{ in: 'end' }, { out: item, times: 1_000_000 }],
    Ask: [{ wait: new Promise(() => {}) }],
  });
  const paths = ['Down', 'Down', 'Ask'].map(
    (name) => `GET ${method(name)} HTTP/1.1\r\nhost: localhost\r\n\r\n`,
  );
  const client = await raw(t, url, paths.join(''));
  client.socket.pause();
  const calls = await Promise.all([
    upstream.call(method('Down')),
    upstream.call(method('Down'), 1),
    upstream.call(method('Ask')),
  ]);
  t.equal(gateway.openExchanges, 3);
  client.socket.destroy();
  await until(t, 'no exchange to be open', () => gateway.openExchanges === 0);
  await Promise.all(calls.map(({ over }) => over));
  for (const { cancelled } of calls) t.ok(cancelled);
});

t.test('a slow client is not cut, as long as it takes each write in time', async (t) => {
  const item = await bytes({ text: 'x'.repeat(100_000) });
  const { url } = await openForeign(
    t,
    { Down: [{ in: 'end' }, { out: item, times: 200 }] },
    { limits: { maxPauseMs: PAUSE_MS, heartbeatMs: 250 } },
  );
  const { response } = await open(url + method('Down'));
  const begun = performance.now();
  let got = 0;
  // 20 MB, evenly in one and a half of the time: what the kernels hold between two writes is a fraction of that.
  for await (const chunk of response) {
    got += (chunk as Buffer).length;
    const dueMs = (got / 20_000_000) * 1.5 * PAUSE_MS;
    while (performance.now() - begun < dueMs) await new Promise((resolve) => setTimeout(resolve, 2));
  }
  t.ok(response.complete);
  t.ok(got > 20_000_000);
  t.ok(performance.now() - begun > PAUSE_MS, 'it took longer than one pause may');
});

for (const [name, form] of [
  ['Up', 'NDJSON'],
  ['Store', 'upload'],
  ['Both', 'WebSocket'],
] as const) {
  t.test(`a service that takes nothing ends the call after maxPauseMs: ${form}`, async (t) => {
    const { url, wsUrl, upstream, gateway } = await openForeign(
      t,
      { [name]: [{ wait: new Promise(() => {}) }] },
      { limits: { maxPauseMs: 1_000, heartbeatMs: 300 } },
    );
    const many = JSON.stringify({ text: 'x'.repeat(60_000) });
    if (form === 'WebSocket') {
      const client = await connect(wsUrl + method(name));
      for (let n = 0; n < 400; n += 1) client.socket.send(many);
      t.match(await client.closed, { code: 4004 });
    } else {
      const type = form === 'NDJSON' ? NDJSON : OCTETS;
      const head = post(method(name), type, 'content-length: 1000000000\r\n\r\n');
      const client = await raw(t, url, head + `${many}\n`.repeat(400));
      await until(t, 'the answer', () => client.answer.includes('grpc-status: 4'));
      t.match(client.answer, /^HTTP\/1.1 504 /);
    }
    const call = await upstream.call(method(name));
    await call.over;
    t.ok(call.cancelled);
    t.notOk(call.halfClosed);
    await until(t, 'no exchange to be open', () => gateway.openExchanges === 0);
  });
}
