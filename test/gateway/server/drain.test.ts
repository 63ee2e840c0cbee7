import { once } from 'node:events';
import t from 'tap';
import { bytes, method, openForeign } from '../../support/foreign.js';
import { head, http, open, read, send, settled, sseEvents, until } from '../../support/http.js';
import { raw } from '../../support/raw-client.js';
import { connect } from '../../support/websocket.js';

const never = new Promise<never>(() => {});

t.test('open streams end in the way of their surface, before the grace does', async (t) => {
  const { url, wsUrl, upstream, gateway } = await openForeign(
    t,
    { Down: [{ in: 'end' }, { out: await bytes({ number: 1 }) }, { wait: never }], Both: [{ echo: true }] },
    { graceMs: 60_000 },
  );
  const [sse, ndjson] = await Promise.all(
    ['text/event-stream', 'application/x-ndjson'].map((accept) =>
      open(url + method('Down'), { headers: { accept } }),
    ),
  );
  const socket = await connect(wsUrl + method('Both'));
  socket.socket.send('{}');
  await socket.next();
  const bodies = Promise.all([read(sse?.response as never), read(ndjson?.response as never)]);
  t.equal(gateway.openExchanges, 3);
  const closed = gateway.close();

  const [events, lines] = await bodies;
  t.ok(events.complete, 'an ordinary end, so that an EventSource reconnects');
  t.match(events.text, /\nretry: \d+\n: the gateway is shutting down[^\n]*\n$/);
  t.same(
    sseEvents(events.text).map(({ event }) => event),
    ['message'],
    'neither end nor error',
  );
  t.notOk(lines.complete);
  t.match(JSON.parse(lines.text.trim().split('\n').at(-1) ?? ''), {
    error: { code: 503, status: 'UNAVAILABLE' },
  });
  t.equal((await socket.closed).code, 1001);
  await closed;
  t.equal(gateway.openExchanges, 0);
  for (const name of ['Down', 'Both'])
    for (const call of upstream.calls(method(name))) {
      await call.over;
      t.ok(call.cancelled, name);
    }
  await t.rejects(http(url), { code: 'ECONNREFUSED' });
});

t.test('calls that end by themselves may finish within the grace', async (t) => {
  let finish: () => void = () => {};
  const wait = new Promise<void>((resolve) => {
    finish = resolve;
  });
  const { url, upstream, gateway } = await openForeign(
    t,
    {
      Ask: [{ in: 'end' }, { wait }, { out: await bytes({ text: 'done' }) }],
      Up: [{ in: 'end' }, { out: await bytes({ text: 'stored' }) }],
    },
    { graceMs: 60_000 },
  );
  const ask = http(url + method('Ask'));
  const up = send(url + method('Up'), {
    method: 'POST',
    headers: { 'content-type': 'application/x-ndjson' },
  });
  up.write('{}\n');
  await Promise.all([upstream.call(method('Ask')), upstream.call(method('Up'))]);
  const closed = gateway.close();
  await t.rejects(http(url + method('Ask')), { code: 'ECONNREFUSED' }, 'nobody new comes in');
  finish();
  up.end('{}\n');
  t.match((await ask).text, 'done');
  t.match((await read(await head(up))).text, 'stored');
  await closed;
});

t.test('streams with cursors move in the first quarter of the grace, not all at once', async (t) => {
  const { url, gateway } = await openForeign(
    t,
    { Numbered: [{ in: 'end' }, { out: await bytes({ number: 1 }) }, { wait: never }] },
    { graceMs: 60_000 },
  );
  const forms = ['text/event-stream', 'application/x-ndjson'];
  const streams = await Promise.all(
    Array.from({ length: 60 }, (_, at) =>
      open(url + method('Numbered'), { headers: { accept: forms[at % 2] as string } }),
    ),
  );
  const left: number[] = [];
  const ends = streams.map(async ({ response }) => {
    const { text } = await read(response);
    left.push(gateway.openExchanges);
    return text;
  });
  const closed = gateway.close();
  const over = await Promise.all(ends);
  t.ok((left[0] ?? 0) > 30, `${left[0]} go on when the first ends`);
  const delays = over.map((text) => /retry: (\d+)\n|"retryDelay":"([\d.]+)s"/.exec(text)?.slice(1, 3));
  for (const delay of delays) t.ok(delay !== undefined, 'each is told when to come back');
  t.ok(new Set(delays.map(String)).size > 30, 'at a time of its own');
  await closed;
});

t.test('what is left at the end of the grace is cut', async (t) => {
  const { url, upstream, gateway } = await openForeign(t, { Ask: [{ wait: never }] }, { graceMs: 50 });
  const ask = http(url + method('Ask')).then(
    () => 'answered',
    () => 'cut',
  );
  const call = await upstream.call(method('Ask'));
  await gateway.close();
  t.equal(await ask, 'cut');
  await call.over;
  t.ok(call.cancelled);
});

for (const surface of ['text/event-stream', 'application/x-ndjson', 'WebSocket'] as const) {
  t.test(`a client that does not read does not outlast the grace: ${surface}`, async (t) => {
    const { url, wsUrl, upstream, gateway } = await openForeign(
      t,
      { Down: [{ in: 'end' }, { out: await bytes({ text: 'x'.repeat(10_000) }), times: 1_000_000 }] },
      { graceMs: 100 },
    );
    if (surface === 'WebSocket') {
      const client = await connect(wsUrl + method('Down'));
      client.socket.send('{}');
      client.socket.pause();
      t.teardown(() => client.socket.terminate());
    } else {
      const { response } = await open(url + method('Down'), { headers: { accept: surface } });
      response.on('error', () => {});
    }
    const call = await upstream.call(method('Down'));
    await settled(() => call.accepted);
    await gateway.close();
    t.equal(gateway.openExchanges, 0);
    await call.over;
    t.ok(call.cancelled);
  });
}

t.test('while draining the admin port says so, and a kept-alive connection is told to go', async (t) => {
  let finish: () => void = () => {};
  const wait = new Promise<void>((resolve) => {
    finish = resolve;
  });
  const { url, upstream, gateway } = await openForeign(t, { Ask: [{ wait }] }, { graceMs: 60_000 });
  const ready = `${gateway.adminUrl}/readyz`;
  t.equal((await http(ready)).status, 200);
  const asked = http(url + method('Ask')).catch(() => undefined);
  await upstream.call(method('Ask'));
  const { Agent, request } = await import('node:http');
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const again = async () => {
    const sent = request(`${url}/_sluice/services`, { agent });
    sent.end();
    const [response] = await once(sent, 'response');
    response.resume();
    await once(response, 'end');
    return response.statusCode as number;
  };
  t.equal(await again(), 200);
  const closed = gateway.close();
  const draining = await http(ready);
  t.equal(draining.status, 503);
  t.match(JSON.parse(draining.text), { problem: 'draining' });
  t.equal((await http(`${gateway.adminUrl}/healthz`)).status, 200, 'alive all the same');
  finish();
  await closed;
  await asked;
  agent.destroy();
});

/** One HTTP/1.1 request on a connection that is kept, by hand. */
const get = (path: string, accept: string) =>
  `GET ${path} HTTP/1.1\r\nhost: localhost\r\naccept: ${accept}\r\n\r\n`;

t.test(
  'a connection that is kept is used until it is quiet: calls are answered, streams are sent elsewhere',
  async (t) => {
    const { url, gateway } = await openForeign(
      t,
      {
        Ask: [{ in: 'end' }, { out: await bytes({ text: 'done' }) }],
        Down: [{ in: 'end' }, { out: await bytes({ number: 1 }) }, { wait: never }],
      },
      { graceMs: 60_000 },
    );
    const ask = get(`${method('Ask')}?number=1`, '*/*');
    const idle = await raw(t, url, get('/none', '*/*'));
    await until(t, 'an answer', () => /NOT_FOUND/.test(idle.answer));
    // What a proxy does: the connection of a stream that has ended goes back to its pool, and carries the next request.
    const cases = [
      { next: ask, gets: /HTTP\/1\.1 200.*connection: close.*"done"/is },
      {
        next: get(method('Down'), 'text/event-stream'),
        gets: /HTTP\/1\.1 200.*connection: close.*retry: \d+\n/is,
      },
      {
        next: get(method('Down'), 'application/x-ndjson'),
        gets: /HTTP\/1\.1 503.*retry-after: 1.*UNAVAILABLE/is,
      },
      // Or clients would believe that only WebSockets do not get through.
      { next: get('/_sluice/session', '*/*'), gets: /HTTP\/1\.1 503.*UNAVAILABLE/is },
    ];
    const streams = await Promise.all(cases.map(() => raw(t, url, get(method('Down'), 'text/event-stream'))));
    const quiet = await raw(t, url, get(method('Down'), 'text/event-stream'));
    for (const { answer } of [...streams, quiet]) t.equal(answer.includes('\r\n0\r\n\r\n'), false);
    for (const client of [...streams, quiet])
      await until(t, 'the stream', () => /"number":1/.test(client.answer));
    const closed = gateway.close();
    // Each ends at a time of its own.
    await Promise.all(
      streams.map(async (client, at) => {
        await until(t, 'the stream to end', () => client.answer.endsWith('\r\n0\r\n\r\n'));
        const before = client.answer.length;
        client.socket.write(cases[at]?.next ?? '');
        await client.closed;
        t.match(client.answer.slice(before), cases[at]?.gets);
      }),
    );
    await quiet.closed;
    t.match(quiet.answer, /\r\n0\r\n\r\n$/, 'a quiet one is closed behind a whole body');
    await idle.closed;
    await closed;
  },
);

t.test('an answer whose head is still to come says that its connection ends', async (t) => {
  let finish: () => void = () => {};
  const wait = new Promise<void>((resolve) => {
    finish = resolve;
  });
  const { url, upstream, gateway } = await openForeign(
    t,
    { Ask: [{ in: 'end' }, { wait }, { out: await bytes({ text: 'done' }) }] },
    { graceMs: 60_000 },
  );
  const client = await raw(t, url, get(`${method('Ask')}?number=1`, '*/*'));
  await upstream.call(method('Ask'));
  const closed = gateway.close();
  finish();
  await client.closed;
  t.match(client.answer, /HTTP\/1\.1 200.*connection: close.*"done"/is);
  await closed;
});

t.test(
  'a proxy uses a connection that was quiet for a while, a client that is no proxy does not',
  async (t) => {
    const { url, gateway } = await openForeign(
      t,
      { Ask: [{ in: 'end' }, { out: await bytes({ text: 'done' }) }] },
      { graceMs: 60_000, trustedProxies: ['127.0.0.1'] },
    );
    const untrusting = await openForeign(t, {}, { graceMs: 60_000 });
    const proxy = await raw(t, url, get('/none', '*/*'));
    const client = await raw(t, untrusting.url, get('/none', '*/*'));
    for (const peer of [proxy, client]) await until(t, 'an answer', () => /NOT_FOUND/.test(peer.answer));
    const closed = Promise.all([gateway.close(), untrusting.gateway.close()]);
    await client.closed;
    // It began to be quiet at the same time, and still is.
    const before = proxy.answer.length;
    proxy.socket.write(get(`${method('Ask')}?number=1`, '*/*'));
    await proxy.closed;
    t.match(proxy.answer.slice(before), /HTTP\/1\.1 200.*connection: close.*"done"/is);
    await closed;
  },
);

t.test('a proxy that sends nothing more does not outlast the grace', async (t) => {
  const { url, gateway } = await openForeign(t, {}, { graceMs: 100, trustedProxies: ['127.0.0.1'] });
  const proxy = await raw(t, url, get('/none', '*/*'));
  await until(t, 'an answer', () => /NOT_FOUND/.test(proxy.answer));
  await gateway.close();
  await proxy.closed;
  t.ok(proxy.socket.destroyed, 'its connection is cut');
});
