import { getEventListeners, once } from 'node:events';
import { mock } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import t, { type Test } from 'tap';
import { Code, createClient, SluiceError, type StreamOptions } from '../../../../clients/browser/index.js';
import { settled } from '../../../support/http.js';
import {
  endEvent,
  errorEvent,
  message,
  openScriptedServer,
  type Script,
  sendEvents,
} from '../scripted-server.js';

const method = 'demo.Clock/Tick';

async function setUp(t: Test, ...scripts: readonly Script[]) {
  const server = await openScriptedServer(scripts);
  t.teardown(() => server.close());
  return { ...server, client: createClient({ baseUrl: server.url }) };
}

/** Takes all messages, and the error if the loop ends with one. */
async function collect(stream: AsyncIterable<unknown>) {
  const messages: unknown[] = [];
  try {
    for await (const one of stream) messages.push(one);
  } catch (error) {
    return { messages, error: error as SluiceError };
  }
  return { messages, error: undefined };
}

const ids = (...numbers: number[]) => numbers.map((id) => ({ id }));
const quick: StreamOptions = { reconnectBaseMs: 1, reconnectMaxMs: 5 };

t.test('messages come in order, and the loop ends with the end event', async (t) => {
  const { client, url, received } = await setUp(t, ({ response }) => {
    response.setHeader('grpc-metadata-shard', '7');
    sendEvents(response, message(1), message(2), endEvent);
    response.end();
  });
  let shard: string | null = '';
  let trailers: unknown;
  const stream = client.serverStream(
    `/${method}`,
    { every: 1 },
    {
      headers: { 'grpc-metadata-who': 'me' },
      timeoutMs: 5000,
      onHeaders: (headers) => {
        shard = headers.get('grpc-metadata-shard');
      },
      onTrailers: (given) => {
        trailers = given;
      },
    },
  );
  t.same(await collect(stream), { messages: ids(1, 2), error: undefined });
  t.equal(stream.lastEventId, '2');
  t.equal(shard, '7');
  t.same(trailers, { 'x-left': '3' });
  const [one] = received;
  t.equal(received.length, 1);
  t.equal(`${url}${one?.request.url}`, `${url}/${method}`);
  t.equal(one?.request.method, 'POST');
  t.equal(one?.body, '{"every":1}');
  t.match(one?.request.headers, {
    accept: 'text/event-stream',
    'content-type': 'application/json',
    'grpc-metadata-who': 'me',
    'grpc-timeout': /^\d{4}m$/,
  });
  t.notOk(one?.request.headers['last-event-id']);
});

t.test(
  'a stream that stops without an end is an error, and is not tried again without a cursor',
  async (t) => {
    for (const stop of ['end', 'destroy'] as const) {
      const { client, received } = await setUp(t, ({ response }) => {
        sendEvents(response, 'data: {"id":1}\n\n', 'data: {"id":2}\n');
        setImmediate(() => response[stop]());
      });
      const { error, messages } = await collect(client.serverStream(method, {}, quick));
      t.ok(error instanceof SluiceError);
      t.match(error, { code: Code.UNAVAILABLE, status: 'UNAVAILABLE' });
      if (stop === 'end') t.match(error?.message, /stream was cut/);
      t.ok(messages.length <= 1, 'the event that was not closed is not given');
      t.equal(received.length, 1);
    }
  },
);

t.test('a cut stream resumes after the last message, each message comes once', async (t) => {
  const { client, received } = await setUp(
    t,
    ({ response }) => {
      sendEvents(response, message(1), message(2), 'id: 3\nda');
      response.end();
    },
    ({ response }) => {
      response.destroy();
    },
    ({ response }) => {
      sendEvents(response, message(3), 'retry: 2\n: draining\n\n');
      response.end();
    },
    ({ response }) => {
      sendEvents(response, 'id: 10\n\n');
      response.end();
    },
    ({ response }) => {
      sendEvents(response, message(11), endEvent);
      response.end();
    },
  );
  const tries: number[] = [];
  const stream = client.serverStream(
    method,
    {},
    { ...quick, onReconnect: ({ attempt }) => tries.push(attempt) },
  );
  t.same(await collect(stream), { messages: ids(1, 2, 3, 11), error: undefined });
  t.same(
    received.map(({ request }) => request.headers['last-event-id']),
    [undefined, '2', '2', '3', '10'],
    'a block of nothing but an id moves the cursor',
  );
  t.same(tries, [1, 2, 1, 2], 'a message starts the count again');
});

t.test('a retryable error resumes, a final one is thrown as it came', async (t) => {
  const { client, received } = await setUp(
    t,
    ({ response }) => {
      sendEvents(response, message(1), errorEvent('UNAVAILABLE', 503, false));
      response.end();
    },
    ({ response }) => {
      sendEvents(response, message(2), errorEvent('NOT_FOUND', 404, true, true));
      response.end();
    },
  );
  const { messages, error } = await collect(client.serverStream(method, {}, quick));
  t.same(messages, ids(1, 2));
  t.match(error, {
    code: Code.NOT_FOUND,
    status: 'NOT_FOUND',
    message: 'it is NOT_FOUND',
    httpStatus: 404,
    truncated: true,
    details: [{ '@type': 'x/y' }],
  });
  t.equal(received.length, 2);
});

t.test('a connection that failed is given up before the next one begins', async (t) => {
  const { client, received } = await setUp(
    t,
    ({ response }) => sendEvents(response, message(1), errorEvent('ABORTED', 409, false)),
    async ({ response }) => {
      const before = received[0]?.response;
      if (before?.closed === false) await once(before, 'close');
      sendEvents(response, endEvent);
      response.end();
    },
  );
  t.same(await collect(client.serverStream(method, {}, quick)), { messages: ids(1), error: undefined });
});

t.test('however a stream ends, nothing is left on the signal of the page', async (t) => {
  const { client } = await setUp(
    t,
    ({ response }) => {
      sendEvents(response, message(1), message(2), endEvent);
      response.end();
    },
    ({ response }) => {
      response.destroy();
    },
    ({ response }) => sendEvents(response, message(1)),
  );
  const { signal } = new AbortController();
  for (const error of [undefined, Code.UNAVAILABLE]) {
    t.equal((await collect(client.serverStream(method, {}, { signal }))).error?.code, error);
    t.equal(getEventListeners(signal, 'abort').length, 0);
  }
  for await (const _ of client.serverStream(method, {}, { signal })) break;
  t.equal(getEventListeners(signal, 'abort').length, 0);
  client.serverStream(method, {}, { signal });
  t.equal(getEventListeners(signal, 'abort').length, 0, 'a stream that was not begun costs nothing');
});

t.test('an error that the gateway calls final is not tried again, whatever its code', async (t) => {
  const { client, received } = await setUp(t, ({ response }) => {
    sendEvents(response, message(1), errorEvent('UNAVAILABLE', 503, true));
    response.end();
  });
  t.equal((await collect(client.serverStream(method, {}, quick))).error?.code, Code.UNAVAILABLE);
  t.equal(received.length, 1);
});

t.test('after maxReconnects tries in a row the error is thrown', async (t) => {
  const { client, received } = await setUp(
    t,
    ({ response }) => {
      sendEvents(response, message(1));
      response.end();
    },
    ({ response }) => {
      response.writeHead(502, { 'content-type': 'text/html' });
      response.end('<h1>Bad gateway</h1>');
    },
  );
  const { messages, error } = await collect(client.serverStream(method, {}, { ...quick, maxReconnects: 3 }));
  t.same(messages, ids(1));
  t.match(error, { code: Code.UNAVAILABLE, httpStatus: 502, message: /502.*Bad gateway/ });
  t.equal(received.length, 4);
});

t.test('the wait is what the gateway asks for, up to a bound', async (t) => {
  const { client } = await setUp(
    t,
    ({ response }) => {
      sendEvents(response, message(1), 'retry: 20\n\n');
      response.end();
    },
    ({ response }) => {
      response.writeHead(503, { 'retry-after': '86400' });
      response.end();
    },
    ({ response }) => {
      sendEvents(response, endEvent);
      response.end();
    },
  );
  const delays: number[] = [];
  const options = {
    reconnectBaseMs: 1,
    reconnectMaxMs: 30,
    onReconnect: (r: { delayMs: number }) => delays.push(r.delayMs),
  };
  t.same((await collect(client.serverStream(method, {}, options))).messages, ids(1));
  t.same(delays, [20, 30]);
});

t.test('an HTTP error keeps its code and details', async (t) => {
  const { client } = await setUp(t, ({ response }) => {
    response.writeHead(400, { 'content-type': 'application/json', 'grpc-status': '3' });
    response.end(
      '{"error":{"code":400,"status":"INVALID_ARGUMENT","message":"field `every`","details":[{"@type":"a"}]}}',
    );
  });
  const { error } = await collect(client.serverStream(method, {}));
  t.match(error, { code: 3, httpStatus: 400, message: 'field `every`', details: [{ '@type': 'a' }] });
});

t.test('an answer that is no event stream is an error, not an empty stream', async (t) => {
  const { client } = await setUp(t, ({ response }) => {
    response.writeHead(200, { 'content-type': 'text/html' });
    response.end('<h1>Please log in</h1>');
  });
  t.match((await collect(client.serverStream(method, {}))).error, {
    code: Code.INTERNAL,
    message: /text\/html/,
  });
});

t.test('a message that is not JSON is an error', async (t) => {
  const { client } = await setUp(t, ({ response }) => sendEvents(response, 'id: 1\ndata: {"id":\n\n'));
  t.equal((await collect(client.serverStream(method, {}))).error?.code, Code.INTERNAL);
});

t.test('a silent stream is cut and resumed; comments are signs of life', async (t) => {
  mock.timers.enable({ apis: ['setTimeout'] });
  t.teardown(() => mock.timers.reset());
  /** The bodies of the answers, to be written by the test: real sockets have clocks of their own. */
  const bodies: ReadableStreamDefaultController<Uint8Array>[] = [];
  const cursors: (string | null)[] = [];
  const fetched = async (_url: unknown, init?: RequestInit) => {
    cursors.push(new Headers(init?.headers).get('last-event-id'));
    const body = new ReadableStream<Uint8Array>({ start: (controller) => void bodies.push(controller) });
    init?.signal?.addEventListener('abort', () => bodies.at(-1)?.error(init.signal?.reason), { once: true });
    return new Response(body, { headers: { 'content-type': 'text/event-stream' } });
  };
  const write = (text: string) => bodies.at(-1)?.enqueue(new TextEncoder().encode(text));
  const passMs = async (ms: number) => {
    await turn();
    mock.timers.tick(ms);
    await turn();
  };
  const client = createClient({ baseUrl: 'http://gateway.invalid', fetch: fetched as typeof fetch });
  const errors: string[] = [];
  const collecting = collect(
    client.serverStream(
      method,
      {},
      {
        reconnectBaseMs: 0,
        reconnectMaxMs: 0,
        idleTimeoutMs: 500,
        onReconnect: ({ error }) => errors.push(error.message),
      },
    ),
  );
  await turn();
  write(message(1));
  for (let beat = 0; beat < 10; beat += 1) {
    await passMs(499);
    write(':\n\n');
  }
  await passMs(499);
  write(message(2));
  await passMs(499);
  t.same(errors, []);
  await passMs(1);
  t.match(errors, [/silent for 500 ms/]);
  await passMs(0);
  write(message(3) + endEvent);
  t.same((await collecting).messages, ids(1, 2, 3));
  t.same(cursors, [null, '2']);
});

t.test('a gateway that takes the request and says nothing is noticed', async (t) => {
  const { client } = await setUp(t, () => undefined);
  const { error } = await collect(client.serverStream(method, {}, { idleTimeoutMs: 50 }));
  t.match(error, { code: Code.UNAVAILABLE, message: /silent/ });
});

t.test('leaving the loop cancels the call', async (t) => {
  const { client, received } = await setUp(t, ({ response }) => sendEvents(response, message(1), message(2)));
  for await (const one of client.serverStream(method, {})) {
    t.same(one, { id: 1 });
    break;
  }
  const response = received[0]?.response;
  if (response !== undefined && !response.closed) await once(response, 'close');
  t.notOk(response?.writableFinished);
});

t.test('return() does not wait for a silent service', async (t) => {
  const { client, received } = await setUp(t, ({ response }) => sendEvents(response, message(1)));
  const stream = client.serverStream(method, {});
  await stream.next();
  const pending = t.rejects(stream.next(), { code: Code.CANCELLED });
  t.same(await stream.return?.(), { done: true, value: undefined });
  await pending;
  t.same(await stream.next(), { done: true, value: undefined });
  if (received[0]?.response.closed === false) await once(received[0].response, 'close');
});

t.test('the signal ends the call with CANCELLED, also between two tries', async (t) => {
  const { client } = await setUp(t, ({ response }) => {
    sendEvents(response, message(1));
    response.end();
  });
  const controller = new AbortController();
  const { messages, error } = await collect(
    client.serverStream(
      method,
      {},
      {
        signal: controller.signal,
        reconnectBaseMs: 60_000,
        reconnectMaxMs: 60_000,
        onReconnect: () => controller.abort(new Error('gone')),
      },
    ),
  );
  t.same(messages, ids(1));
  t.match(error, { code: Code.CANCELLED, cause: { message: 'gone' } });
  const early = await collect(client.serverStream(method, {}, { signal: AbortSignal.abort() }));
  t.equal(early.error?.code, Code.CANCELLED);
});

t.test('the deadline ends the call over all its connections', async (t) => {
  const { client, received } = await setUp(t, ({ response }) => {
    sendEvents(response, message(received.length));
  });
  const cutEach = async function* (timeoutMs: number, count = Number.POSITIVE_INFINITY) {
    for await (const one of client.serverStream(method, {}, { ...quick, timeoutMs })) {
      // Some time goes by on each, or a quick machine rounds what is left to the same.
      await new Promise((resolve) => setTimeout(resolve, 5));
      received.at(-1)?.response.end();
      yield one;
      if (received.length === count) return;
    }
  };
  t.equal((await collect(cutEach(600_000, 3))).error, undefined);
  const left = received.map(({ request }) => Number.parseInt(String(request.headers['grpc-timeout']), 10));
  t.equal(left.length, 3);
  t.ok((left[0] as number) <= 600_000 && (left[2] as number) > 0);
  t.ok(
    left.every((ms, at) => at === 0 || ms < (left[at - 1] as number)),
    `each connection is told only what is left: ${left}`,
  );
  const { error } = await collect(cutEach(400));
  t.equal(error?.code, Code.DEADLINE_EXCEEDED, 'no connection begins it anew');
});

t.test('a slow page pauses the service', async (t) => {
  const total = 4000;
  let accepted = 0;
  const { client, received } = await setUp(t, async ({ response }) => {
    sendEvents(response);
    for (let id = 1; id <= total; id += 1) {
      accepted = id;
      const room = response.write(`id: ${id}\ndata: ${JSON.stringify({ id, text: 'x'.repeat(4000) })}\n\n`);
      if (!room) await once(response, 'drain');
    }
    response.end(endEvent);
  });
  const stream = client.serverStream<{ id: number }>(method, {});
  t.equal((await stream.next()).value?.id, 1);
  // Only to show that nothing happens: the writer comes to a halt, and stays there.
  await settled(() => accepted);
  t.ok(accepted < total, `${accepted} of ${total} were accepted while one was taken`);
  t.ok(received[0]?.response.writableNeedDrain);
  let next = 2;
  for await (const { id } of stream) {
    if (id !== next) t.fail(`${id} came instead of ${next}`);
    next += 1;
  }
  t.equal(next, total + 1);
});

t.test('a gap is told', async (t) => {
  const { client } = await setUp(t, ({ response }) => {
    sendEvents(response, 'event: gap\ndata: {"requested":"41","resumed":"97"}\n\n', message(98), endEvent);
    response.end();
  });
  const gaps: unknown[] = [];
  const stream = client.serverStream(method, {}, { lastEventId: '41', onGap: (gap) => gaps.push(gap) });
  t.same((await collect(stream)).messages, ids(98));
  t.same(gaps, [{ requested: '41', resumed: '97' }]);
});

t.test('what was dropped is told, and is no message', async (t) => {
  const dropped = (count: unknown) => `event: dropped\ndata: ${JSON.stringify({ count })}\n\n`;
  const { client } = await setUp(t, ({ response }) => {
    sendEvents(response, message(1), dropped(3), message(5), dropped(2), endEvent);
    response.end();
  });
  const counts: number[] = [];
  const stream = client.serverStream(method, {}, { onDropped: (count) => counts.push(count) });
  t.same((await collect(stream)).messages, ids(1, 5));
  t.same(counts, [3, 2]);
});

t.test('an id that says ended makes no request', async (t) => {
  const { client, received } = await setUp(t, () => undefined);
  t.same(await collect(client.serverStream(method, {}, { lastEventId: '~end:7' })), {
    messages: [],
    error: undefined,
  });
  t.equal(received.length, 0);
});

t.test('what a callback of the page throws comes out as it is', async (t) => {
  const { client, received } = await setUp(t, ({ response }) => sendEvents(response, message(1)));
  const oops = new Error('oops');
  const { error } = await collect(
    client.serverStream(
      method,
      {},
      {
        onHeaders: () => {
          throw oops;
        },
      },
    ),
  );
  t.equal(error, oops);
  if (received[0]?.response.closed === false) await once(received[0].response, 'close');
});

t.test('headers can be made anew for each connection', async (t) => {
  const server = await openScriptedServer([
    ({ response }) => {
      sendEvents(response, message(1));
      response.end();
    },
    ({ response }) => {
      sendEvents(response, endEvent);
      response.end();
    },
  ]);
  t.teardown(() => server.close());
  let token = 0;
  const client = createClient({
    baseUrl: `${server.url}/`,
    headers: async () => ({ authorization: `Bearer ${++token}` }),
  });
  await collect(client.serverStream(method, {}, quick));
  t.same(
    server.received.map(({ request }) => request.headers.authorization),
    ['Bearer 1', 'Bearer 2'],
  );
});
