import t from 'tap';
import { bytes, json, method, openForeign } from '../../../support/foreign.js';
import { http, httpJson, until } from '../../../support/http.js';
import { openOf, openSession } from '../../../support/session.js';
import { connect } from '../../../support/websocket.js';

const JSON_TYPE = { 'content-type': 'application/json' };

t.test('a unary call is JSON in, JSON out, at the gRPC path and at its rules', async (t) => {
  const { url, upstream } = await openForeign(t, {
    Ask: [{ in: 'end' }, { out: await bytes({ text: 'yes', big: '7' }) }],
  });
  const path = url + method('Ask');
  t.same(await httpJson(path, { body: '{"text":"a","tags":["x","y"]}', headers: JSON_TYPE }), {
    status: 200,
    json: { text: 'yes', big: '7' },
  });
  t.same((await httpJson(`${path}?text=b&tags=1&tags=2&child.number=3`)).status, 200);
  t.same((await httpJson(`${url}/foreign/items/42?text=c`)).status, 200);
  const patch = { method: 'PATCH', body: '{"number":1,"text":"d"}', headers: JSON_TYPE };
  t.same((await httpJson(`${url}/foreign/items/43`, patch)).status, 200);
  const child = await httpJson(`${url}/foreign/items?text=e`, { body: '{"text":"f"}', headers: JSON_TYPE });
  t.same(child, { status: 200, json: null }, 'response_body: the field alone, null when absent');
  t.same((await httpJson(path, { method: 'POST' })).status, 200, 'no body is an empty message');
  const seen = await Promise.all(upstream.calls(method('Ask')).map(({ received }) => json(received[0])));
  t.same(seen, [
    { text: 'a', tags: ['x', 'y'] },
    { text: 'b', tags: ['1', '2'], child: { number: 3 } },
    { number: 42, text: 'c' },
    { number: 43, text: 'd' },
    { text: 'e', child: { text: 'f' } },
    {},
  ]);
});

t.test('a body keeps every digit and the address wins, also with a zero', async (t) => {
  const { url, wsUrl, upstream } = await openForeign(t, {
    Ask: [{ in: 'end' }, { out: await bytes({ text: 'yes' }) }],
  });
  const ask = (path: string, method: string, body: string) =>
    httpJson(url + path, { method, body, headers: JSON_TYPE });
  t.equal((await ask('/foreign/items/7', 'PATCH', '{"big":9007199254740993,"number":5}')).status, 200);
  t.equal((await ask('/foreign/items/0', 'PATCH', '{"number":5,"child":{"number":6}}')).status, 200);
  t.equal(
    (await ask('/foreign/items?number=0', 'POST', '{"big":9223372036854775807,"number":1}')).status,
    200,
  );
  for (const body of ['{"text":"a"},"number":1', '1}', '{"text":"a"', '']) {
    t.equal((await ask('/foreign/items', 'POST', body)).status, body === '' ? 200 : 400, body);
  }
  t.equal((await ask('/foreign/items/1', 'PATCH', '[1]')).status, 400);
  const client = await connect(`${wsUrl}/foreign/items/0`);
  client.socket.send('{"number":5,"text":"a"}');
  t.equal((await client.closed).code, 1000);
  const seen = await Promise.all(upstream.calls(method('Ask')).map(({ received }) => json(received[0])));
  t.same(seen, [
    { big: '9007199254740993', number: 7 },
    { child: { number: 6 } },
    { child: { big: '9223372036854775807', number: 1 } },
    {},
    { text: 'a' },
  ]);
});

t.test('every gRPC code has its HTTP status and the error object', async (t) => {
  const expected = {
    CANCELLED: [1, 499],
    UNKNOWN: [2, 500],
    INVALID_ARGUMENT: [3, 400],
    DEADLINE_EXCEEDED: [4, 504],
    NOT_FOUND: [5, 404],
    ALREADY_EXISTS: [6, 409],
    PERMISSION_DENIED: [7, 403],
    RESOURCE_EXHAUSTED: [8, 429],
    FAILED_PRECONDITION: [9, 400],
    ABORTED: [10, 409],
    OUT_OF_RANGE: [11, 400],
    UNIMPLEMENTED: [12, 501],
    INTERNAL: [13, 500],
    UNAVAILABLE: [14, 503],
    DATA_LOSS: [15, 500],
    UNAUTHENTICATED: [16, 401],
  } as const;
  let status: keyof typeof expected = 'UNKNOWN';
  const { url } = await openForeign(t, { Ask: () => [{ in: 'end' }, { status, message: `no: ${status}` }] });
  for (const [name, [code, httpStatus]] of Object.entries(expected)) {
    status = name as keyof typeof expected;
    const answer = await http(url + method('Ask'));
    t.equal(answer.status, httpStatus, name);
    t.equal(answer.headers['grpc-status'], String(code));
    t.same(JSON.parse(answer.text), {
      error: { code: httpStatus, status: name, message: `no: ${name}`, details: [] },
    });
  }
});

t.test('details are unpacked, RetryInfo is a header, what is unknown keeps its bytes', async (t) => {
  // google.rpc.Status { details: [RetryInfo { retry_delay: 2.5 s }, Any of an unknown type] }
  const any = (typeUrl: string, value: number[]) => {
    const url = Buffer.from(typeUrl);
    const body = Buffer.concat([
      Buffer.from([0x0a, url.length]),
      url,
      Buffer.from([0x12, value.length, ...value]),
    ]);
    return Buffer.concat([Buffer.from([0x1a, body.length]), body]);
  };
  const details = Buffer.concat([
    any(
      'type.googleapis.com/google.rpc.RetryInfo',
      [0x0a, 0x07, 0x08, 0x02, 0x10, 0x80, 0xca, 0xb5, 0xee, 0x01],
    ),
    any('type.googleapis.com/some.Unknown', [1, 2, 3]),
  ]);
  const { url } = await openForeign(t, { Ask: [{ in: 'end' }, { status: 'UNAVAILABLE', details }] });
  const answer = await http(url + method('Ask'));
  t.equal(answer.headers['retry-after'], '3');
  t.same(JSON.parse(answer.text).error.details, [
    { '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay: '2.500s' },
    { '@type': 'type.googleapis.com/some.Unknown', value: 'AQID' },
  ]);
});

t.test('bad requests are refused before the service hears of them, naming what is wrong', async (t) => {
  const { url, upstream } = await openForeign(
    t,
    { Ask: [{ in: 'end' }], Up: [{ in: 'end' }], Down: [] },
    {
      limits: { maxMessageBytes: 1_000 },
    },
  );
  const path = url + method('Ask');
  const post = (body: string, headers: Record<string, string> = JSON_TYPE) => ({
    method: 'POST',
    body,
    headers,
  });
  const cases: [url: string, options: Parameters<typeof http>[1], status: number, message: RegExp][] = [
    [path, post('{"number":"x"}'), 400, /number/],
    [path, post('{"nope":1}'), 400, /nope/],
    [path, post('{"text":'), 400, /JSON/],
    [path, post('[]'), 400, /./],
    [path, post('{}', { 'content-type': 'text/plain' }), 415, /content-type.*application\/json.*text\/plain/],
    [path, post('{}', { ...JSON_TYPE, 'content-encoding': 'br' }), 415, /content-encoding/],
    [path, post(`{"text":"${'x'.repeat(2_000)}"}`), 413, /1000 bytes/],
    [path, post('{}', { ...JSON_TYPE, accept: 'text/event-stream' }), 406, /accept.*application\/json/],
    [path, { method: 'DELETE' }, 405, /GET or HEAD or POST/],
    [`${path}?nope=1`, {}, 400, /nope/],
    [`${path}?number=1&number=2`, {}, 400, /number/],
    [`${path}?text=1`, post('{}'), 400, /text/],
    [`${url}/foreign/items/forty`, {}, 400, /number/],
    [`${url}/foreign/items/1`, { method: 'DELETE' }, 405, /GET/],
    [`${url}/foreign/none`, {}, 404, /\/foreign\/none/],
    [`${url}/%zz`, {}, 400, /./],
    [path, { headers: { 'grpc-timeout': '5 seconds' } }, 400, /grpc-timeout/],
    [path, { headers: { 'grpc-metadata-te': 'x' } }, 400, /grpc-metadata-te/],
    [path, { headers: { 'grpc-metadata-x-bin': '*' } }, 400, /grpc-metadata-x-bin/],
    [url + method('Up'), {}, 405, /stream.*POST.*WebSocket/],
    [url + method('Up'), post('{}'), 415, /application\/x-ndjson/],
    [url + method('Down'), { headers: { accept: 'image/png' } }, 406, /event-stream/],
    [url + method('Up'), { method: 'HEAD' }, 405, /^$/],
  ];
  for (const [at, options, status, message] of cases) {
    const answer = await http(at, options);
    const name = `${options?.method ?? 'GET'} ${at.slice(url.length)} ${options?.body ?? ''}`.slice(0, 80);
    t.equal(answer.status, status, name);
    t.match(answer.text === '' ? '' : JSON.parse(answer.text).error.message, message, name);
    if (status === 405) t.ok(answer.headers.allow, 'with Allow');
  }
  for (const name of ['Ask', 'Up', 'Down'])
    t.equal(upstream.calls(method(name)).length, 0, `${name} was not called`);
});

t.test('only the allow-list travels, and metadata comes back as headers', async (t) => {
  const { url, upstream } = await openForeign(
    t,
    {
      Ask: [
        { in: 'end' },
        {
          headers: [
            ['x-init', 'one'],
            ['x-raw-bin', 'AQI='],
          ],
        },
        { out: await bytes({}) },
        {
          status: 'OK',
          trailers: [
            ['x-cost', '7'],
            ['x-cost', '8'],
          ],
        },
      ],
    },
    { forwardHeaders: ['X-Tenant'] },
  );
  const answer = await http(url + method('Ask'), {
    headers: {
      authorization: 'Bearer t',
      cookie: 'secret=1',
      'x-tenant': 'acme',
      'x-other': 'no',
      'x-request-id': 'my-id',
      'grpc-metadata-x-mine': 'yes',
      'grpc-metadata-y-bin': 'AQIDBA',
    },
  });
  t.equal(answer.status, 200);
  t.match(answer.headers, {
    'x-request-id': 'my-id',
    'grpc-metadata-x-init': 'one',
    'grpc-metadata-x-raw-bin': 'AQI=',
    'grpc-trailer-x-cost': '7, 8',
  });
  const sent = Object.fromEntries((await upstream.call(method('Ask'))).metadata);
  t.match(sent, { authorization: 'Bearer t', 'x-tenant': 'acme', 'x-request-id': 'my-id', 'x-mine': 'yes' });
  t.match(sent['y-bin'], /^AQIDBA/);
  for (const name of ['cookie', 'x-other', 'host', 'connection', 'grpc-metadata-x-mine'])
    t.notOk(sent[name], name);
});

t.test('Grpc-Timeout is the deadline, and unary calls have one by default', async (t) => {
  const never = new Promise(() => {});
  const { url, upstream } = await openForeign(
    t,
    { Ask: [{ wait: never }] },
    { limits: { unaryTimeoutMs: 300 } },
  );
  const asked = await http(url + method('Ask'), { headers: { 'grpc-timeout': '100m' } });
  t.equal(asked.status, 504);
  t.equal((await http(url + method('Ask'))).status, 504, 'the default');
  for (const call of upstream.calls(method('Ask'))) {
    await call.over;
    t.ok(call.cancelled, 'the service is told');
  }
});

t.test('without a default a deadline that the client did not send never reaches the service', async (t) => {
  const { url, upstream, wsUrl } = await openForeign(
    t,
    { Ask: [{ in: 'end' }, { out: await bytes({}) }] },
    { limits: { unaryTimeoutMs: 0 } },
  );
  const sent = async (index: number) => (await upstream.call(method('Ask'), index)).hasDeadline;
  t.equal((await http(url + method('Ask'))).status, 200);
  t.equal(await sent(0), false);
  t.equal((await http(url + method('Ask'), { headers: { 'grpc-timeout': '9S' } })).status, 200);
  t.equal(await sent(1), true, "the client's own does");
  const session = await openSession(wsUrl);
  await session.send(openOf(1, 'Ask'), { halfClose: { id: 1 } });
  await session.all(1);
  t.equal(await sent(2), false, 'on a session as well');
});

t.test('one message is due: none and two are failures of the service', async (t) => {
  const two = { out: await bytes({}), times: 2 };
  const { url } = await openForeign(t, { Ask: [{ in: 'end' }], Up: [{ in: 'end' }, two] });
  t.same((await httpJson(url + method('Ask'))).status, 500);
  const up = await httpJson(url + method('Up'), {
    body: '',
    headers: { 'content-type': 'application/x-ndjson' },
  });
  t.equal(up.status, 500);
});

t.test('an answer that is no message is INTERNAL', async (t) => {
  const { url, lines } = await openForeign(t, { Ask: [{ in: 'end' }, { out: Buffer.from([0x0a, 0x7f]) }] });
  t.match(await httpJson(url + method('Ask')), {
    status: 500,
    json: { error: { status: 'INTERNAL', message: /^the service sent an invalid / } },
  });
  await until(t, 'the log', () => lines.some(({ level }) => level === 50));
});

t.test('an unreachable service is 503, and a client that leaves cancels its call', async (t) => {
  const never = new Promise(() => {});
  const { url, upstream, gateway, lines } = await openForeign(t, { Ask: [{ wait: never }] });
  const abort = new AbortController();
  const left = fetch(url + method('Ask'), { signal: abort.signal }).catch(() => 'left');
  const call = await upstream.call(method('Ask'));
  abort.abort();
  t.equal(await left, 'left');
  await call.over;
  t.ok(call.cancelled);
  upstream.close();
  t.match(await httpJson(url + method('Ask')), {
    status: 503,
    json: { error: { message: /^(no connection to|the connection to) the upstream( was lost)?$/ } },
  });
  await until(t, 'no exchange to be open', () => gateway.openExchanges === 0);
  const calls = lines.filter(({ msg }) => msg === 'call');
  t.match(calls.at(-1), { code: 'UNAVAILABLE', problem: /upstream/ }, 'the address is for the log');
});

t.test('text of any language arrives as it is, in a small answer and in a large one', async (t) => {
  const small = 'naïve \u0000\u00ff – ☃ 😀';
  const large = small.repeat(5_000);
  for (const text of [small, large]) {
    const { url } = await openForeign(t, { Ask: [{ in: 'end' }, { out: await bytes({ text }) }] });
    const headers = { 'accept-encoding': 'identity' };
    const response = await fetch(`${url}${method('Ask')}`, { method: 'POST', headers });
    const body = new Uint8Array(await response.arrayBuffer());
    t.equal(response.headers.get('content-length'), String(body.length));
    t.equal(response.headers.get('content-type'), 'application/json; charset=utf-8');
    t.same(JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body)), { text });
  }
});
