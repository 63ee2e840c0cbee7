import { getEventListeners, once } from 'node:events';
import t, { type Test } from 'tap';
import { Code, createClient } from '../../../../clients/browser/index.js';
import { openScriptedServer, type Script } from '../scripted-server.js';

async function setUp(t: Test, ...scripts: readonly Script[]) {
  const server = await openScriptedServer(scripts);
  t.teardown(() => server.close());
  return { ...server, client: createClient({ baseUrl: server.url, headers: { 'grpc-metadata-a': '1' } }) };
}

t.test('a request gives its answer', async (t) => {
  const { client, received } = await setUp(t, ({ response }) => {
    response.writeHead(200, { 'content-type': 'application/json', 'grpc-trailer-cost': '3' });
    response.end('{"price":"12"}');
  });
  let cost: string | null = null;
  const answer = await client.unary(
    'demo.Shop/Price',
    { item: 'tea' },
    {
      timeoutMs: 2500,
      headers: { 'Grpc-Metadata-A': '2', 'grpc-metadata-b': '3' },
      onHeaders: (headers) => {
        cost = headers.get('grpc-trailer-cost');
      },
    },
  );
  t.same(answer, { price: '12' });
  t.equal(cost, '3');
  t.equal(received[0]?.request.url, '/demo.Shop/Price');
  t.equal(received[0]?.body, '{"item":"tea"}');
  t.match(received[0]?.request.headers, {
    'content-type': 'application/json',
    accept: 'application/json',
    'grpc-timeout': '2500m',
    'grpc-metadata-a': '2',
    'grpc-metadata-b': '3',
  });
});

t.test('an error has the code, the text and the details of the service', async (t) => {
  const { client } = await setUp(t, ({ response }) => {
    response.writeHead(429, { 'grpc-status': '8', 'retry-after': '2' });
    response.end(
      '{"error":{"code":429,"status":"RESOURCE_EXHAUSTED","message":"slow down","details":[{"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":"2s"}]}}',
    );
  });
  await t.rejects(client.unary('demo.Shop/Price', {}), {
    name: 'SluiceError',
    code: Code.RESOURCE_EXHAUSTED,
    status: 'RESOURCE_EXHAUSTED',
    message: 'slow down',
    httpStatus: 429,
    retryAfterMs: 2000,
    details: [{ retryDelay: '2s' }],
  });
});

t.test('an error that some proxy wrote is told by its status', async (t) => {
  const answers = [
    { status: 504, body: '<h1>Gateway Time-out</h1>', code: Code.UNAVAILABLE },
    { status: 404, body: '', code: Code.UNIMPLEMENTED },
    { status: 401, body: '[1]', code: Code.UNAUTHENTICATED },
    { status: 500, body: '{"error":"text"}', code: Code.UNKNOWN },
    { status: 418, body: '{"error":{"status":"__proto__"}}', code: Code.UNKNOWN },
    { status: 204, body: '', code: Code.UNKNOWN },
  ];
  const { client } = await setUp(
    t,
    ...answers.map(
      ({ status, body }): Script =>
        ({ response }) => {
          response.writeHead(status);
          response.end(body);
        },
    ),
  );
  for (const { status, code } of answers) {
    await t.rejects(client.unary('demo.Shop/Price', {}), { code, httpStatus: status }, `${status}`);
  }
});

t.test('an error without a body is told by its grpc-status', async (t) => {
  const { client } = await setUp(t, ({ response }) => {
    response.writeHead(409, { 'grpc-status': '10' });
    response.end();
  });
  await t.rejects(client.unary('demo.Shop/Price', {}), { code: Code.ABORTED });
});

t.test('a gateway that is not there is UNAVAILABLE', async (t) => {
  // The kernel gives this port to nobody by itself, as it might one that was just closed.
  const client = createClient({ baseUrl: 'http://127.0.0.1:2' });
  await t.rejects(client.unary('demo.Shop/Price', {}), { code: Code.UNAVAILABLE });
});

t.test('the deadline and the signal end the call, and the gateway sees it', async (t) => {
  const { client, received, arrived } = await setUp(t, () => undefined);
  const controller = new AbortController();
  const call = client.unary('demo.Shop/Price', {}, { signal: controller.signal });
  await arrived(1);
  controller.abort();
  await t.rejects(call, { code: Code.CANCELLED });
  // On a machine that stands still the time may be over before the request is sent: then the gateway sees nothing of it.
  await t.rejects(client.unary('demo.Shop/Price', {}, { timeoutMs: 40 }), { code: Code.DEADLINE_EXCEEDED });
  const { signal } = new AbortController();
  await t.rejects(client.unary('demo.Shop/Price', {}, { signal, timeoutMs: 40 }), {
    code: Code.DEADLINE_EXCEEDED,
  });
  t.equal(getEventListeners(signal, 'abort').length, 0, 'nothing is left on the signal of the page');
  for (const { response } of received) if (!response.closed) await once(response, 'close');
});

t.test('an answer without end is not collected without end', async (t) => {
  const { client } = await setUp(t, async ({ response }) => {
    response.writeHead(200);
    const closed = new AbortController();
    response.once('close', () => closed.abort());
    while (!closed.signal.aborted) {
      if (response.write('x'.repeat(1 << 20))) continue;
      await once(response, 'drain', { signal: closed.signal }).catch(() => undefined);
    }
  });
  await t.rejects(client.unary('demo.Shop/Price', {}), { code: Code.RESOURCE_EXHAUSTED });
});

t.test('what cannot be sent is refused, naming it', async (t) => {
  const client = createClient({ baseUrl: 'http://127.0.0.1:9' });
  for (const method of [
    'Price',
    'demo.Shop/',
    '/demo.Shop/Price/x',
    'demo.Shop/Price?x',
    '../demo/Price',
    '',
  ]) {
    await t.rejects(
      client.unary(method, {}),
      { code: Code.INVALID_ARGUMENT, message: /method must be/ },
      method,
    );
  }
  await t.rejects(client.unary('a.B/C', undefined), { code: Code.INVALID_ARGUMENT, message: /JSON/ });
  await t.rejects(client.unary('a.B/C', 1n), { code: Code.INVALID_ARGUMENT });
  await t.rejects(client.unary('a.B/C', {}, { headers: { 'x y': '1' } }), {
    code: Code.INVALID_ARGUMENT,
    message: /x y/,
  });
  for (const timeoutMs of [0, -1, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 31]) {
    await t.rejects(client.unary('a.B/C', {}, { timeoutMs }), {
      code: Code.INVALID_ARGUMENT,
      message: /timeoutMs/,
    });
  }
});
