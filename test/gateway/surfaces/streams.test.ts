import { EventSource } from 'eventsource';
import t from 'tap';
import { bytes, json, method, openForeign } from '../../support/foreign.js';
import { head, http, httpJson, open, read, send, sseEvents, until } from '../../support/http.js';

const SSE = { accept: 'text/event-stream' };
const NDJSON = { accept: 'application/x-ndjson' };
const ARRAY = { accept: 'application/json' };
const never = new Promise<never>(() => {});
/** For early failures: a service that a busy machine keeps from answering for a while still has its HTTP status. */
const PATIENT = { limits: { headWaitMs: 30_000 } };

t.test('one server stream, three forms', async (t) => {
  const { url } = await openForeign(t, {
    Down: [
      { in: 'end' },
      { out: await bytes({ text: 'a\nb' }) },
      { out: await bytes({ number: 2 }) },
      { status: 'OK', trailers: [['x-t', '1']] },
    ],
  });
  const path = url + method('Down');
  const sse = await http(path, { headers: SSE });
  t.match(sse.headers, {
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-cache, no-transform',
    'x-accel-buffering': 'no',
  });
  t.match(sse.text, /^: .*\n[^\n]/, 'a comment comes first');
  t.same(sseEvents(sse.text), [
    { event: 'message', data: { text: 'a\nb' } },
    { event: 'message', data: { number: 2 } },
    {
      event: 'end',
      id: '~end',
      data: { status: { code: 0, message: '', details: [] }, trailers: { 'x-t': '1' } },
    },
  ]);
  t.ok(sse.complete);
  for (const headers of [NDJSON, {}, { accept: '*/*' }]) {
    const ndjson = await http(path, { headers });
    t.match(ndjson.headers['content-type'], 'application/x-ndjson');
    t.equal(ndjson.text, '{"text":"a\\nb"}\n{"number":2}\n');
    t.ok(ndjson.complete);
  }
  const array = await http(path, { headers: ARRAY });
  t.match(array.headers['content-type'], 'application/json');
  t.same(JSON.parse(array.text), [{ text: 'a\nb' }, { number: 2 }]);
  const posted = await http(path, {
    body: '{"text":"q"}',
    headers: { ...ARRAY, 'content-type': 'application/json' },
  });
  t.same(JSON.parse(posted.text).length, 2, 'by POST as well');
});

t.test('an empty stream is whole in every form', async (t) => {
  const { url } = await openForeign(t, { Down: [{ in: 'end' }] });
  const path = url + method('Down');
  t.same(
    sseEvents((await http(path, { headers: SSE })).text).map(({ event }) => event),
    ['end'],
  );
  t.same(await http(path, { headers: NDJSON }).then(({ text, complete }) => [text, complete]), ['', true]);
  t.same(JSON.parse((await http(path, { headers: ARRAY })).text), []);
});

t.test('a failure before the first message keeps its HTTP status, also behind headers', async (t) => {
  for (const first of [[], [{ headers: [['x-early', '1']] }] as const]) {
    const { url } = await openForeign(
      t,
      { Down: [{ in: 'end' }, ...first, { status: 'NOT_FOUND', message: 'none' }] },
      PATIENT,
    );
    for (const headers of [SSE, NDJSON, ARRAY]) {
      t.same(await httpJson(url + method('Down'), { headers }), {
        status: 404,
        json: { error: { code: 404, status: 'NOT_FOUND', message: 'none', details: [] } },
      });
    }
  }
});

t.test('a failure after messages ends each form in its own way', async (t) => {
  let status: 'NOT_FOUND' | 'UNAVAILABLE' = 'NOT_FOUND';
  const out = await bytes({ number: 1 });
  const { url } = await openForeign(t, {
    // A pause, so that the message is not dropped by the library behind the status.
    Down: () => [
      { in: 'end' },
      { out },
      { wait: new Promise((resolve) => setTimeout(resolve, 50)) },
      { status, message: 'gone' },
    ],
  });
  const path = url + method('Down');
  const error = { code: 404, status: 'NOT_FOUND', message: 'gone', details: [] };

  const ndjson = await http(path, { headers: NDJSON });
  t.equal(ndjson.text, `{"number":1}\n${JSON.stringify({ error })}\n`);
  t.notOk(ndjson.complete, 'the transfer is broken');
  t.equal(ndjson.error, 'aborted', 'by a FIN, not by a reset');

  const array = await http(path, { headers: ARRAY });
  t.throws(() => JSON.parse(array.text), 'the array is not closed');
  t.same(JSON.parse(`${array.text}]`), [{ number: 1 }, { error }]);
  t.notOk(array.complete);

  const final = sseEvents((await http(path, { headers: SSE })).text).at(-1);
  t.same(final, { event: 'error', id: '~end', data: { error, truncated: false } });
  status = 'UNAVAILABLE';
  const retryable = sseEvents((await http(path, { headers: SSE })).text).at(-1);
  t.equal(retryable?.event, 'error');
  t.equal(retryable?.id, undefined, 'no id, so an EventSource comes back');
  t.match(retryable?.retry, /^\d+$/);
});

t.test('an EventSource is never sent away by a retryable failure', async (t) => {
  const { url, upstream } = await openForeign(
    t,
    { Down: [{ in: 'end' }, { status: 'UNAVAILABLE', message: 'busy' }] },
    PATIENT,
  );
  const path = url + method('Down');
  const sse = await http(path, { headers: SSE });
  t.equal(sse.status, 200);
  t.match(sseEvents(sse.text), [
    { event: 'error', retry: /\d+/, data: { error: { code: 503, status: 'UNAVAILABLE' } } },
  ]);
  t.equal(
    (await http(path, { headers: { accept: 'text/event-stream, */*;q=0.1' } })).status,
    503,
    'others get the status',
  );
  t.equal((await http(path, { headers: NDJSON })).status, 503);
  const post = { method: 'POST', body: '{}', headers: { ...SSE, 'content-type': 'application/json' } };
  t.equal((await http(path, post)).status, 503);
  upstream.close();
  t.equal((await http(path, { headers: SSE })).status, 200, 'also when the service is gone');
});

t.test('the head does not wait for a quiet service longer than headWaitMs', async (t) => {
  const { url, upstream } = await openForeign(
    t,
    { Down: [{ in: 'end' }, { wait: never }] },
    { limits: { headWaitMs: 30 } },
  );
  for (const headers of [SSE, NDJSON, ARRAY]) {
    const { response } = await open(url + method('Down'), { headers });
    t.equal(response.statusCode, 200);
    response.destroy();
  }
  for (const call of upstream.calls(method('Down'))) await call.over;
});

t.test('a heartbeat breaks the silence, and only the silence', async (t) => {
  const out = await bytes({});
  let speak: () => void = () => {};
  const wait = new Promise<void>((resolve) => {
    speak = resolve;
  });
  const { url } = await openForeign(
    t,
    { Down: [{ in: 'end' }, { wait }, { out }] },
    { limits: { headWaitMs: 10, heartbeatMs: 50 } },
  );
  const { response } = await open(url + method('Down'), { headers: SSE });
  let text = '';
  response.setEncoding('utf8').on('data', (chunk) => {
    text += chunk;
  });
  const closed = new Promise((resolve) => response.on('close', resolve));
  const heartbeats = () => (text.match(/^: heartbeat$/gm) ?? []).length;
  await until(t, 'several in the quiet time', () => heartbeats() >= 2);
  speak();
  await closed;
  t.same(
    sseEvents(text).map(({ event }) => event),
    ['message', 'end'],
  );
});

t.test('cursors are ids, Last-Event-ID resumes, and ~end stops', async (t) => {
  const { url, upstream } = await openForeign(t, {
    Numbered: [{ in: 'end' }, { out: await bytes({ text: '7' }) }, { out: await bytes({ text: '~odd\n' }) }],
  });
  const path = url + method('Numbered');
  const { text } = await http(path, { headers: SSE });
  t.same(
    sseEvents(text).map(({ event, id }) => [event, id]),
    [
      ['message', '7'],
      ['message', '~=~odd%0A'],
      ['end', '~end:~=~odd%0A'],
    ],
  );
  await http(path, { headers: { ...SSE, 'last-event-id': '7' } });
  await http(`${path}?lastEventId=${encodeURIComponent('~=~odd%0A')}&text=ignored`, { headers: SSE });
  await http(`${path}?lastEventId=8`, { headers: { ...SSE, 'last-event-id': '9' } });
  const asked = await Promise.all(
    upstream.calls(method('Numbered')).map(({ received }) => json(received[0])),
  );
  t.same(asked, [{}, { text: '7' }, { text: '~odd\n' }, { text: '9' }], 'the cursor is put into the request');
  t.equal((await http(path, { headers: { ...SSE, 'last-event-id': '~what' } })).status, 400);
  for (const id of ['~end', '~end:7']) {
    t.equal((await http(path, { headers: { ...SSE, 'last-event-id': id } })).status, 204, id);
  }
  t.equal(upstream.calls(method('Numbered')).length, 4, 'neither of them called the service');
});

t.test(
  'a real EventSource comes back after a retryable failure, resumes, and stops at the end',
  async (t) => {
    const first = await bytes({ text: '1' });
    const second = await bytes({ text: '2' });
    let call = 0;
    const { url, upstream } = await openForeign(
      t,
      {
        Numbered: () => {
          call += 1;
          if (call === 1)
            return [
              { in: 'end' },
              { out: first },
              { wait: new Promise((resolve) => setTimeout(resolve, 30)) },
              { status: 'UNAVAILABLE' },
            ];
          return [{ in: 'end' }, { out: second }];
        },
      },
      { limits: { retryMs: 20 } },
    );
    const source = new EventSource(url + method('Numbered'));
    t.teardown(() => source.close());
    const seen: string[] = [];
    source.addEventListener('message', ({ data }) => seen.push(JSON.parse(data).text));
    let ended = false;
    source.addEventListener('end', () => {
      ended = true;
    });
    await until(
      t,
      'the source to be closed by the 204',
      () => ended && source.readyState === EventSource.CLOSED,
    );
    t.same(seen, ['1', '2']);
    t.same(await json((await upstream.call(method('Numbered'), 1)).received[0]), { text: '1' });
    t.equal(upstream.calls(method('Numbered')).length, 2);
  },
);

t.test('a request stream in a body: one line, one message', async (t) => {
  const { url, upstream } = await openForeign(t, {
    Up: [{ in: 'end' }, { out: await bytes({ number: 3 }) }],
  });
  const headers = { 'content-type': 'application/x-ndjson' };
  t.same(
    await httpJson(url + method('Up'), { headers, body: '{"text":"a"}\r\n\n  \n{"text":"b"}\n{"text":"c"}' }),
    {
      status: 200,
      json: { number: 3 },
    },
  );
  await httpJson(`${url}/foreign/up/from-path`, { headers, body: '{"number":1}\n{"number":2}\n' });
  await httpJson(url + method('Up'), { method: 'POST' });
  const sent = await Promise.all(
    upstream.calls(method('Up')).map(({ received }) => Promise.all(received.map((message) => json(message)))),
  );
  t.same(sent, [
    [{ text: 'a' }, { text: 'b' }, { text: 'c' }],
    [
      { text: 'from-path', number: 1 },
      { text: 'from-path', number: 2 },
    ],
    [],
  ]);
});

t.test('a bad line cancels the call, naming line and field; what was before it has been sent', async (t) => {
  const { url, upstream } = await openForeign(
    t,
    { Up: [{ in: 'end' }] },
    { limits: { maxMessageBytes: 500 } },
  );
  const headers = { 'content-type': 'application/x-ndjson' };
  const sent = send(url + method('Up'), { method: 'POST', headers });
  sent.write('{"text":"a"}\n');
  const call = await upstream.call(method('Up'));
  await until(t, 'the good line', () => call.received.length === 1);
  sent.write('{"text":"b"}\n{"number":"many"}\n');
  const bad = await read(await head(sent));
  t.equal(bad.status, 400);
  t.match(JSON.parse(bad.text).error.message, /line 3: .*number/);
  await call.over;
  t.ok(call.cancelled);
  sent.destroy();
  const long = await http(url + method('Up'), { headers, body: `{"text":"${'x'.repeat(1_000)}"}` });
  t.equal(long.status, 413);
  const invalid = await http(url + method('Up'), { headers, body: Buffer.from([0x7b, 0xff, 0x7d]) });
  t.match(JSON.parse(invalid.text).error.message, /line 1: .*UTF-8/);
});

t.test('bidi answers while the body is still open, and ends with it', async (t) => {
  const { url } = await openForeign(t, { Both: [{ echo: true }] });
  const sent = send(url + method('Both'), {
    method: 'POST',
    headers: { 'content-type': 'application/x-ndjson' },
  });
  sent.write('{"text":"one"}\n');
  const response = await head(sent);
  response.setEncoding('utf8');
  const chunks = response[Symbol.asyncIterator]();
  t.equal((await chunks.next()).value, '{"text":"one"}\n', 'before the body has ended');
  sent.write('{"text":"two"}\n');
  t.equal((await chunks.next()).value, '{"text":"two"}\n');
  sent.end();
  t.equal((await chunks.next()).done, true);
  const sse = await http(url + method('Both'), {
    body: '{"text":"x"}\n',
    headers: { ...SSE, 'content-type': 'application/x-ndjson' },
  });
  t.same(
    sseEvents(sse.text).map(({ event }) => event),
    ['message', 'end'],
  );
});

t.test('bytes that are no message end the stream with INTERNAL, after what was good', async (t) => {
  const { url, lines } = await openForeign(t, {
    Down: [
      { in: 'end' },
      { out: await bytes({ number: 1 }) },
      { out: Buffer.from([0x0a, 0xff]) },
      { wait: never },
    ],
  });
  const answer = await http(url + method('Down'));
  t.match(answer.text, /^{"number":1}\n{"error":{"code":500,"status":"INTERNAL"/);
  t.notOk(answer.complete);
  await until(t, 'the log', () => lines.some(({ level }) => level === 50));
});

t.test('flushMs gathers what trickles, and loses nothing', async (t) => {
  const out = await bytes({ number: 1 });
  const pause = () => ({ wait: new Promise((resolve) => setTimeout(resolve, 1)) });
  const script = () => [
    { in: 'end' as const },
    ...Array.from({ length: 60 }, () => [{ out }, pause()]).flat(),
  ];
  const chunks: Record<number, number> = {};
  let tookMs = 0;
  for (const flushMs of [0, 200]) {
    const { url } = await openForeign(t, { Down: script }, { limits: { flushMs } });
    const begun = performance.now();
    const { response } = await open(url + method('Down'));
    let count = 0;
    let text = '';
    response.on('data', (chunk) => {
      count += 1;
      text += chunk;
    });
    await new Promise((resolve) => response.on('close', resolve));
    t.equal(text, '{"number":1}\n'.repeat(60));
    chunks[flushMs] = count;
    tookMs = performance.now() - begun;
  }
  // How long the service takes is the machine's business. Timers may be early by one millisecond.
  const most = 1 + Math.ceil(tookMs / 199);
  t.ok((chunks[200] ?? 0) <= most && (chunks[200] ?? 0) < (chunks[0] ?? 0), JSON.stringify({ chunks, most }));
});

t.test('a large body that nobody wants does not keep the answer from the client', async (t) => {
  const { url } = await openForeign(t, { Up: [{ in: 'end' }] });
  const sent = send(url + method('Up'), {
    method: 'POST',
    headers: { 'content-type': 'application/x-ndjson' },
  });
  sent.write('not json\n');
  const answer = await read(await head(sent));
  t.equal(answer.status, 400);
  sent.destroy();
});
