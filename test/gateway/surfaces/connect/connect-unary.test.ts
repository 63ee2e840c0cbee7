import { gunzipSync, gzipSync } from 'node:zlib';
import t from 'tap';
import { connectStream, envelope } from '../../../support/connect.js';
import { bytes, json, method, openForeign, statusBytes } from '../../../support/foreign.js';
import { type HttpOptions, http, send, until } from '../../../support/http.js';

const VERSION = { 'connect-protocol-version': '1' };
const PROTO = { 'content-type': 'application/proto' };
const JSON_TYPE = { ...VERSION, 'content-type': 'application/json' };

const ANSWER = { text: 'pong', number: 7 };
const answering = async () => [{ in: 'end' as const }, { out: await bytes(ANSWER) }];

t.test('a unary call as bytes, with metadata and trailers as headers', async (t) => {
  const { url, upstream } = await openForeign(t, {
    Ask: [
      { in: 'end' },
      {
        headers: [
          ['shard', '7'],
          ['shard', '8'],
          ['key-bin', 'AAE='],
        ],
      },
      { out: await bytes(ANSWER) },
      { status: 'OK', trailers: [['cost', '3']] },
    ],
  });
  const answer = await http(url + method('Ask'), {
    headers: { ...PROTO, who: 'ada', 'token-bin': 'AAE' },
    body: await bytes({ text: 'ping' }),
  });
  t.match(answer, {
    status: 200,
    headers: {
      'content-type': 'application/proto',
      shard: '7, 8',
      'key-bin': /^AAE=?$/,
      'trailer-cost': '3',
    },
  });
  t.same(answer.bytes, Buffer.from(await bytes(ANSWER)));
  t.notOk('content-encoding' in answer.headers);
  const call = await upstream.call(method('Ask'));
  t.same(await json(call.received[0]), { text: 'ping' });
  t.match(new Map(call.metadata), new Map([['who', 'ada']]));
  t.equal(call.metadata.find(([name]) => name === 'token-bin')?.[1], 'AAE=');
  t.notOk(call.metadata.some(([name]) => name.startsWith('connect-')));
});

t.test('a unary call as JSON, with the version that makes it one of Connect', async (t) => {
  const { url, upstream } = await openForeign(t, { Ask: await answering() });
  const answer = await http(url + method('Ask'), { headers: JSON_TYPE, body: '{"text":"ping"}' });
  t.match(answer, {
    status: 200,
    headers: { 'content-type': 'application/json' },
    text: JSON.stringify(ANSWER),
  });
  const [received] = (await upstream.call(method('Ask'))).received;
  t.same(await json(received), { text: 'ping' });
});

t.test('without the version, JSON is our own, and so are its errors', async (t) => {
  const { url } = await openForeign(t, { Ask: [{ in: 'end' }, { status: 'ABORTED', message: 'no' }] });
  const options = { headers: { 'content-type': 'application/json' }, body: '{}' };
  t.match(JSON.parse((await http(url + method('Ask'), options)).text), { error: { status: 'ABORTED' } });
  const connect = await http(url + method('Ask'), { ...options, headers: JSON_TYPE });
  t.same(JSON.parse(connect.text), { code: 'aborted', message: 'no' });
});

t.test('an error has the HTTP status of its code, details, metadata and trailers', async (t) => {
  const { url } = await openForeign(t, {
    Ask: [
      { in: 'end' },
      { headers: [['shard', '7']] },
      {
        status: 'RESOURCE_EXHAUSTED',
        message: 'slow down',
        details: await statusBytes(8, 'slow down', '1.500s'),
        trailers: [['cost', '3']],
      },
    ],
  });
  const answer = await http(url + method('Ask'), { headers: PROTO, body: '' });
  t.match(answer, {
    status: 429,
    headers: { 'content-type': 'application/json', 'retry-after': '2', shard: '7', 'trailer-cost': '3' },
  });
  t.match(JSON.parse(answer.text), {
    code: 'resource_exhausted',
    message: 'slow down',
    details: [{ type: 'google.rpc.RetryInfo', value: /^[\w+/]+$/, debug: { retryDelay: '1.500s' } }],
  });
});

t.test('a GET carries the message in its query', async (t) => {
  const { url, upstream } = await openForeign(t, { Ask: await answering() });
  const message = Buffer.from(await bytes({ text: 'ping ü' }));
  const queries: Record<string, string>[] = [
    { encoding: 'proto', base64: '1', message: message.toString('base64url') },
    { encoding: 'proto', base64: '1', message: message.toString('base64') },
    { encoding: 'json', message: '{"text":"ping ü"}' },
    { encoding: 'json', base64: '1', message: Buffer.from('{"text":"ping ü"}').toString('base64url') },
    { encoding: 'proto', base64: '1', compression: 'gzip', message: gzipSync(message).toString('base64url') },
    { encoding: 'json', compression: 'identity', message: '{"text":"ping ü"}', other: 'x' },
  ];
  for (const [at, query] of queries.entries()) {
    const answer = await http(`${url}${method('Ask')}?${new URLSearchParams({ ...query, connect: 'v1' })}`);
    t.match(answer, { status: 200, headers: { 'content-type': `application/${query.encoding}` } });
    const { received } = await upstream.call(method('Ask'), at);
    t.same(await json(received[0]), { text: 'ping ü' });
  }
});

t.test('an answer to a GET says what a cache must look at', async (t) => {
  const origin = 'https://app.example.com';
  const { url } = await openForeign(t, { Ask: await answering() }, { allowOrigins: [origin] });
  const path = `${url}${method('Ask')}?connect=v1&encoding=json&message=%7B%7D`;
  t.equal((await http(path, { headers: { origin } })).headers.vary, 'Origin, Accept-Encoding');
  const { headers } = await http(url + method('Ask'), { headers: { ...PROTO, origin }, body: '' });
  t.equal(headers.vary, 'Origin', 'a POST is not kept');
});

t.test('HEAD is the head of GET', async (t) => {
  const { url } = await openForeign(t, { Ask: await answering() });
  const answer = await http(`${url}${method('Ask')}?connect=v1&encoding=json&message=%7B%7D`, {
    method: 'HEAD',
  });
  t.match(answer, { status: 200, headers: { 'content-type': 'application/json' }, text: '' });
});

t.test(
  'a compressed message is taken, also an empty one, and an answer is compressed where that is wanted',
  async (t) => {
    const large = { text: 'x'.repeat(5_000) };
    const { url, upstream } = await openForeign(t, { Ask: [{ in: 'end' }, { out: await bytes(large) }] });
    const gzip = { ...PROTO, 'content-encoding': 'gzip' };
    const answer = await http(url + method('Ask'), {
      headers: { ...gzip, 'accept-encoding': 'br, gzip' },
      body: gzipSync(await bytes({ text: 'ping' })),
    });
    t.match(answer, { status: 200, headers: { 'content-encoding': 'gzip' } });
    t.ok(answer.bytes.length < 1_000);
    t.same(gunzipSync(answer.bytes), Buffer.from(await bytes(large)));
    t.same(await json((await upstream.call(method('Ask'))).received[0]), { text: 'ping' });
    const empty = await http(url + method('Ask'), {
      headers: { ...gzip, 'accept-encoding': 'gzip;q=0' },
      body: '',
    });
    t.equal(empty.headers['content-encoding'], undefined);
    t.same(empty.bytes, Buffer.from(await bytes(large)));
  },
);

t.test('what is wrong is refused in the form of the protocol, and no call is opened', async (t) => {
  const { url, upstream } = await openForeign(
    t,
    { Ask: await answering(), Down: [], Both: [] },
    { limits: { maxMessageBytes: 1_000 } },
  );
  const get = '?connect=v1&encoding=json&message=%7B%7D';
  const bomb = gzipSync(Buffer.alloc(1_000_000));
  const gzip = { ...PROTO, 'content-encoding': 'gzip' };
  const rows: [string, string, HttpOptions, number, string, RegExp?][] = [
    ['JSON that is none', 'Ask', { headers: JSON_TYPE, body: '{' }, 400, 'invalid_argument'],
    ['an empty JSON', 'Ask', { headers: JSON_TYPE, body: '' }, 400, 'invalid_argument'],
    [
      'an unknown field',
      'Ask',
      { headers: JSON_TYPE, body: '{"nothing":1}' },
      400,
      'invalid_argument',
      /nothing/,
    ],
    ['bytes that are no message', 'Ask', { headers: PROTO, body: '\x0a\x05a' }, 400, 'invalid_argument'],
    [
      'too large a message',
      'Ask',
      { headers: PROTO, body: 'x'.repeat(1_001) },
      429,
      'resource_exhausted',
      /max-message-bytes/,
    ],
    ['a bomb', 'Ask', { headers: gzip, body: bomb }, 429, 'resource_exhausted', /max-message-bytes/],
    ['bytes that are no gzip', 'Ask', { headers: gzip, body: 'hello' }, 400, 'invalid_argument', /gzip/],
    [
      'a gzip that is cut',
      'Ask',
      { headers: gzip, body: gzipSync('').subarray(0, -1) },
      400,
      'invalid_argument',
    ],
    [
      'garbage after the gzip',
      'Ask',
      { headers: gzip, body: Buffer.concat([gzipSync(''), Buffer.alloc(3)]) },
      400,
      'invalid_argument',
    ],
    [
      'an unknown compression',
      'Ask',
      { headers: { ...PROTO, 'content-encoding': 'foo' }, body: '' },
      501,
      'unimplemented',
      /foo.*gzip/,
    ],
    ['an unknown compression of a GET', `Ask${get}&compression=foo`, {}, 501, 'unimplemented', /gzip/],
    [
      'another codec',
      'Ask',
      { headers: { ...VERSION, 'content-type': 'application/foo' }, body: '' },
      415,
      'unknown',
      /application\/proto/,
    ],
    ['no codec', 'Ask', { headers: VERSION, body: '' }, 415, 'unknown'],
    ['another codec of a GET', 'Ask?connect=v1&encoding=foo&message=', {}, 415, 'unknown'],
    ['a GET without a message', 'Ask?connect=v1&encoding=json', {}, 400, 'invalid_argument', /message/],
    [
      'frames for a unary method',
      'Ask',
      { headers: { 'content-type': 'application/connect+proto' }, body: '' },
      415,
      'unknown',
    ],
    ['a message for a stream', 'Down', { headers: PROTO, body: '' }, 415, 'unknown', /connect\+proto/],
    [
      'another codec for a stream',
      'Down',
      { headers: { 'content-type': 'application/connect+foo' }, body: '' },
      415,
      'unknown',
    ],
    ['a GET of a method with side effects', `Both${get}`, {}, 405, 'unknown'],
    ['a GET of a stream', `Down${get}`, {}, 405, 'unknown'],
    ['DELETE', 'Ask', { method: 'DELETE', headers: { ...VERSION, ...PROTO } }, 405, 'unknown'],
    ['PUT', 'Ask', { method: 'PUT', headers: PROTO, body: '' }, 405, 'unknown'],
    ['an unknown method', 'Nothing', { headers: PROTO, body: '' }, 404, 'unimplemented'],
    [
      'an unknown method, as a stream',
      'Nothing',
      { headers: { 'content-type': 'application/connect+proto' }, body: '' },
      404,
      'unimplemented',
    ],
    [
      'another version',
      'Ask',
      { headers: { ...PROTO, 'connect-protocol-version': '2' }, body: '' },
      400,
      'invalid_argument',
      /version/,
    ],
    [
      'a timeout that is none',
      'Ask',
      { headers: { ...PROTO, 'connect-timeout-ms': '1s' }, body: '' },
      400,
      'invalid_argument',
      /connect-timeout-ms/,
    ],
    [
      'metadata that is none',
      'Ask',
      { headers: { ...PROTO, 'x-bin': '*' }, body: '' },
      400,
      'invalid_argument',
      /x-bin/,
    ],
  ];
  for (const [name, path, options, status, code, message = /./] of rows) {
    const answer = await http(url + method(path), options);
    t.match(answer, { status, headers: { 'content-type': 'application/json' } }, name);
    t.match(JSON.parse(answer.text), { code, message, details: undefined }, name);
    t.match(answer.headers['sluice-reason'], /^[A-Z_]+$/, name);
    if (status === 405) t.match(answer.headers.allow, /POST/, name);
    if (status === 415 && options.headers)
      t.match(answer.headers['accept-post'], /application\/(connect\+)?proto/, name);
    if (status === 501) t.match(answer.headers['accept-encoding'], /gzip/, name);
  }
  for (const name of ['Ask', 'Down', 'Both']) t.equal(upstream.calls(method(name)).length, 0);
});

t.test('the timeout reaches the service, and its end is deadline_exceeded', async (t) => {
  const { url, upstream } = await openForeign(
    t,
    { Ask: [{ wait: new Promise(() => {}) }] },
    {
      limits: { unaryTimeoutMs: 0 },
    },
  );
  const answer = await http(url + method('Ask'), {
    headers: { ...PROTO, 'connect-timeout-ms': '100' },
    body: '',
  });
  t.equal(answer.status, 504);
  t.match(JSON.parse(answer.text), { code: 'deadline_exceeded' });
  const call = await upstream.call(method('Ask'));
  t.ok(call.hasDeadline);
  await call.over;
});

t.test('a refusal before the request is looked at has the form as well', async (t) => {
  const { url } = await openForeign(t, { Ask: await answering() }, { allowHosts: ['app.example.com'] });
  const answer = await http(url + method('Ask'), {
    headers: { ...PROTO, host: 'evil.example.com' },
    body: '',
  });
  t.same(JSON.parse(answer.text).code, 'permission_denied');
  t.equal(answer.headers['sluice-reason'], 'HOST_NOT_SERVED');
});

t.test('an exchange beyond a limit is refused in the form of its kind', async (t) => {
  const { url, gateway } = await openForeign(
    t,
    { Ask: [{ wait: new Promise(() => {}) }], Down: [] },
    { limits: { exchangesPerAddress: 1 } },
  );
  const sent = send(url + method('Ask'), { method: 'POST', headers: PROTO });
  sent.end();
  await until(t, 'the exchange', () => gateway.openExchanges === 1);
  const unary = await http(url + method('Ask'), { headers: PROTO, body: '' });
  t.match(unary, { status: 429, headers: { 'sluice-reason': 'ADDRESS_LIMIT', 'retry-after': '1' } });
  t.match(JSON.parse(unary.text), { code: 'resource_exhausted', message: /exchanges-per-address/ });
  const headers = { 'content-type': 'application/connect+json' };
  const stream = await http(url + method('Down'), { headers, body: envelope('{}') });
  t.match(stream, { status: 200, headers: { 'retry-after': '1' } });
  t.match(connectStream(stream.bytes), {
    messages: [],
    end: { error: { code: 'resource_exhausted' }, metadata: { 'sluice-reason': ['ADDRESS_LIMIT'] } },
  });
  sent.destroy();
});

t.test('an answer is compressed by the rules of all answers', async (t) => {
  const large = { text: 'x'.repeat(5_000) };
  const scripts = { Ask: [{ in: 'end' as const }, { out: await bytes(large) }] };
  const { url } = await openForeign(t, scripts);
  const codingOf = async (address: string, headers: Record<string, string>) =>
    (await http(address + method('Ask'), { headers: { ...PROTO, ...headers }, body: '' })).headers[
      'content-encoding'
    ];
  t.equal(await codingOf(url, { 'accept-encoding': 'br' }), 'br');
  t.equal(await codingOf(url, { 'accept-encoding': 'gzip;q=0.5, br;q=0.6' }), 'br');
  t.equal(await codingOf(url, { 'accept-encoding': '*' }), 'gzip');
  t.equal(await codingOf(url, { 'accept-encoding': 'identity, gzip;q=0.5' }), undefined);
  t.equal(await codingOf(url, { 'accept-encoding': 'gzip', 'cache-control': 'no-transform' }), undefined);
  const off = await openForeign(t, scripts, { compress: 'off' });
  t.equal(await codingOf(off.url, { 'accept-encoding': 'gzip' }), undefined);
});

t.test('a service that sends nothing, or too much, is internal', async (t) => {
  const one = { out: await bytes(ANSWER) };
  const { url } = await openForeign(t, { Ask: [{ in: 'end' }], Up: [{ in: 'end' }, one, one] });
  const answer = await http(url + method('Ask'), { headers: PROTO, body: '' });
  t.equal(answer.status, 500);
  t.match(JSON.parse(answer.text), { code: 'internal' });
});
