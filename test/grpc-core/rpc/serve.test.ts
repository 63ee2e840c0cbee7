import { getEventListeners } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { Metadata, type ServiceError, type StatusObject, status } from '@grpc/grpc-js';
import t from 'tap';
import { CoreError } from '../../../grpc-core/base/errors.js';
import type { Handler } from '../../../grpc-core/rpc/index.js';
import type { StockPrice } from '../../../proto/types/streaming/StockPrice.js';
import type { StockQuoteRequest__Output } from '../../../proto/types/streaming/StockQuoteRequest.js';
import { until } from '../core-fixture.js';
import { bytes, path, type Served, serveHandlers, statusOf } from './rpc-fixture.js';

interface UnaryEnd {
  readonly code: status;
  readonly details: string;
  readonly requestIds: readonly unknown[];
}

/** A deadline that only the core watches: a client that does so itself may be faster, and then has left. */
function timeout(ms: number): Metadata {
  const metadata = new Metadata();
  metadata.set('grpc-timeout', `${ms}m`);
  return metadata;
}

function unary({ client }: Served, options: { metadata?: Metadata } = {}): Promise<UnaryEnd> {
  return new Promise((resolve) => {
    let failure: ServiceError | null = null;
    let head: Metadata | undefined;
    const call = client.GetStockQuote({ symbol: 'A' }, options.metadata ?? new Metadata(), (error) => {
      failure = error;
    });
    call.on('metadata', (metadata) => {
      head = metadata;
    });
    call.on('status', ({ code, details, metadata }: StatusObject) => {
      const ids = [...(head?.get('x-request-id') ?? []), ...metadata.get('x-request-id')];
      resolve({ code: failure?.code ?? code, details, requestIds: ids });
    });
  });
}

type Quote = Handler<StockQuoteRequest__Output, StockPrice>;

/** A handler whose first response fails; its iterator has no `return`. */
function failing(reason: unknown): Quote {
  return () => ({ [Symbol.asyncIterator]: () => ({ next: () => Promise.reject(reason) }) });
}

const failures: ReadonlyArray<{
  readonly name: string;
  readonly handler: Quote;
  readonly code: status;
  readonly details: string;
}> = [
  {
    name: 'throws a CoreError',
    handler: failing(new CoreError(status.NOT_FOUND, 'symbol: näh % # ok')),
    code: status.NOT_FOUND,
    details: 'symbol: näh % # ok',
  },
  {
    name: 'throws something else',
    handler: failing(new Error('the password is 1234')),
    code: status.INTERNAL,
    details: 'internal error',
  },
  {
    name: 'throws before it makes an iterator',
    handler() {
      throw new Error('the password is 1234');
    },
    code: status.INTERNAL,
    details: 'internal error',
  },
  {
    name: 'throws undefined',
    handler: failing(undefined),
    code: status.INTERNAL,
    details: 'internal error',
  },
  {
    name: 'yields no response',
    async *handler() {},
    code: status.INTERNAL,
    details: 'internal error',
  },
  {
    name: 'yields two responses',
    async *handler() {
      yield { symbol: 'A' };
      yield { symbol: 'B' };
    },
    code: status.INTERNAL,
    details: 'internal error',
  },
  {
    name: 'fails after its response',
    async *handler() {
      yield { symbol: 'A' };
      throw new CoreError(status.ABORTED, 'too late');
    },
    code: status.ABORTED,
    details: 'too late',
  },
  {
    name: 'yields what cannot be serialized',
    async *handler() {
      yield { timestamp: 'noon' as never };
    },
    code: status.INTERNAL,
    details: 'internal error',
  },
  {
    name: 'fails with half a surrogate pair in a very long message',
    handler: failing(new CoreError(status.INVALID_ARGUMENT, `\ud800${'x'.repeat(100_000)}`)),
    code: status.INVALID_ARGUMENT,
    details: `\ufffd${'x'.repeat(999)}`,
  },
];

for (const { name, handler, code, details } of failures) {
  t.test(`a handler that ${name} ends its call with ${status[code]}`, async (t) => {
    const served = await serveHandlers(t, { GetStockQuote: handler });
    const end = await unary(served);
    t.equal(end.code, code);
    t.equal(end.details, details);
    await until(() => served.calls.running === 0);
    t.equal(served.lines.length, 1, 'one line a call');
    const outcome = code === status.INTERNAL ? { msg: 'call failed', level: 50 } : { msg: 'call', level: 30 };
    t.match(served.lines[0], { code: status[code], ...outcome });
    t.equal(
      'err' in (served.lines[0] ?? {}),
      code === status.INTERNAL,
      'the cause of INTERNAL is in the log',
    );
    t.strictSame(end.requestIds, [served.lines[0]?.requestId]);
  });
}

t.test('an error may follow the messages of a stream', async (t) => {
  const { client, calls } = await serveHandlers(t, {
    async *GetDataStream() {
      for (let id = 1; id <= 5; id += 1) yield { id };
      throw new CoreError(status.DATA_LOSS, 'gone');
    },
  });
  const call = client.GetDataStream({});
  const ending = statusOf(call);
  let count = 0;
  call.on('data', () => {
    count += 1;
  });
  t.match(await ending, { code: status.DATA_LOSS, details: 'gone' });
  t.equal(count, 5);
  await until(() => calls.running === 0);
});

t.test('the request id is the caller’s if it is sane, and comes back', async (t) => {
  let seen = '';
  const served = await serveHandlers(t, {
    async *GetStockQuote(_requests, { requestId }) {
      seen = requestId;
      yield {};
    },
  });
  const uuid = /^[0-9a-f-]{36}$/;
  for (const [sent, expected] of [
    [['abc-123'], /^abc-123$/],
    [['x'.repeat(128)], /^x{128}$/],
    [['x'.repeat(129)], uuid],
    [['a b'], /^a b$/],
    [[''], uuid],
    // HTTP/2 joins them on the way.
    [['one', 'two'], /^one, two$/],
    [[], uuid],
  ] as const) {
    const metadata = new Metadata();
    for (const value of sent) metadata.add('x-request-id', value);
    const end = await unary(served, { metadata });
    t.match(seen, expected);
    t.strictSame(end.requestIds, [seen]);
  }
});

t.test('the log line of a call says who, what, how long and how much', async (t) => {
  const { client, lines, calls } = await serveHandlers(t, {
    async *Chat(messages) {
      for await (const { message } of messages) {
        yield { message };
        yield { message };
      }
    },
  });
  const metadata = new Metadata();
  metadata.set('x-request-id', 'r1');
  const call = client.Chat(metadata);
  const ending = statusOf(call);
  call.on('data', () => {});
  for (let i = 0; i < 3; i += 1) call.write({ message: 'x' });
  call.end();
  await ending;
  await until(() => calls.running === 0);
  t.match(lines, [
    {
      msg: 'call',
      requestId: 'r1',
      method: 'streaming.StreamingService/Chat',
      code: 'OK',
      durationMs: Number,
      received: 3,
      sent: 6,
      peer: /^127\.0\.0\.1:\d+$/,
    },
  ]);
});

t.test('a handler that ignores its signal does not keep the call from ending', async (t) => {
  let release = (): void => {};
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });
  let began = 0;
  const served = await serveHandlers(t, {
    async *GetStockQuote() {
      began += 1;
      await released;
      yield {};
    },
  });
  // A machine that stands still lets the deadline pass before the handler begins.
  for (let tries = 1; began === 0; tries += 1) {
    const end = await unary(served, { metadata: timeout(100 * tries) });
    t.equal(end.code, status.DEADLINE_EXCEEDED);
    await until(() => served.lines.length === tries);
  }
  t.match(served.lines.at(-1), { code: 'DEADLINE_EXCEEDED' });
  t.equal(served.calls.running, 1, 'it counts as running as long as its handler does');
  release();
  await until(() => served.calls.running === 0);
});

t.test('a unary call has a latest deadline, a stream has none', async (t) => {
  /** How long each call had when its handler began. */
  const left: Array<number | undefined> = [];
  const served = await serveHandlers(
    t,
    {
      async *GetStockQuote(_requests, { signal, deadline }) {
        left.push(deadline === undefined ? undefined : deadline - Date.now());
        await delay(10_000, undefined, { signal });
        yield {};
      },
      async *GetDataStream(_requests, { deadline }) {
        left.push(deadline);
        await delay(150);
        yield { id: 1 };
      },
    },
    { maxUnaryMs: 100 },
  );
  t.match(await unary(served), { code: status.DEADLINE_EXCEEDED, details: 'the deadline has passed' });
  t.match(await unary(served, { metadata: timeout(600_000) }), { code: status.DEADLINE_EXCEEDED });
  t.ok(left.length <= 2 && left.every((ms) => ms !== undefined && ms <= 100));
  left.length = 0;
  const stream = served.client.GetDataStream({});
  const ending = statusOf(stream);
  stream.on('data', () => {});
  t.equal((await ending).code, status.OK);
  t.strictSame(left, [undefined]);
  await until(() => served.calls.running === 0);
});

t.test('a stalled caller’s deadline ends the handler', async (t) => {
  let ended = 0;
  const { client, lines, calls } = await serveHandlers(t, {
    async *GetDataStream() {
      try {
        for (;;) yield { id: 1, data: 'x'.repeat(10_000) };
      } finally {
        ended += 1;
      }
    },
  });
  // A machine that stands still lets the deadline pass before the handler begins.
  for (let tries = 1; ended === 0; tries += 1) {
    const call = client.GetDataStream({}, timeout(300 * tries));
    call.on('error', () => {});
    call.pause();
    await until(() => lines.length === tries);
    call.cancel();
    await until(() => calls.running === 0);
  }
  t.match(lines.at(-1), { code: 'DEADLINE_EXCEEDED' });
  t.equal(ended, 1);
});

for (const requests of [0, 2]) {
  t.test(`a method that takes one request refuses ${requests}`, async (t) => {
    let ran = 0;
    const { raw, calls } = await serveHandlers(t, {
      async *GetStockQuote() {
        ran += 1;
        yield {};
      },
    });
    const code = await new Promise((resolve) => {
      const call = raw.makeClientStreamRequest(path('GetStockQuote'), bytes, bytes, (error) =>
        resolve(error?.code),
      );
      call.on('error', () => {});
      for (let i = 0; i < requests; i += 1) call.write(Buffer.alloc(0));
      call.end();
    });
    t.equal(code, status.UNIMPLEMENTED);
    t.equal(ran, 0);
    await until(() => calls.running === 0);
  });
}

t.test('bytes that are no message, and messages that are too big, have an error of their own', async (t) => {
  const { raw, calls } = await serveHandlers(t, {
    async *GetStockQuote() {
      yield {};
    },
  });
  const ask = (message: Buffer): Promise<ServiceError | null> =>
    new Promise((resolve) => {
      raw.makeUnaryRequest(path('GetStockQuote'), bytes, bytes, message, (error) => resolve(error));
    });
  t.match(await ask(Buffer.from([0x0a, 0xff])), {
    code: status.INTERNAL,
    details: 'the request is not a valid message of its type',
  });
  t.match(await ask(Buffer.alloc(4 * 1024 * 1024 + 1)), { code: status.RESOURCE_EXHAUSTED });
  t.equal(await ask(Buffer.alloc(0)), null);
  await until(() => calls.running === 0);
});

t.test('a method without a handler is UNIMPLEMENTED, a handler without a method is refused', async (t) => {
  await t.rejects(serveHandlers(t, { Nothing: 1 } as object), /the service has no method Nothing/);
  const served = await serveHandlers(t, {});
  t.equal((await unary(served)).code, status.UNIMPLEMENTED);
});

t.test('shutdown ends streams with UNAVAILABLE and lets unary calls finish', async (t) => {
  let release = (): void => {};
  const served = await serveHandlers(t, {
    async *GetStockQuote() {
      await new Promise<void>((resolve) => {
        release = resolve;
      });
      yield {};
    },
    async *GetDataStream(_requests, { signal }) {
      yield { id: 1 };
      while (!signal.aborted) await delay(60_000, undefined, { signal }).catch(() => undefined);
    },
    async *Chat(messages) {
      yield {};
      for await (const _message of messages);
    },
  });
  const stream = served.client.GetDataStream({});
  const chat = served.client.Chat();
  const endings = [statusOf(stream), statusOf(chat)];
  await Promise.all([
    new Promise((resolve) => stream.once('data', resolve)),
    new Promise((resolve) => chat.once('data', resolve)),
  ]);
  stream.resume();
  chat.resume();
  const answer = unary(served);
  await until(() => served.calls.running === 3);
  const shutdown = served.calls.shutdown('the core is shutting down');
  const gone = { code: status.UNAVAILABLE, details: 'the core is shutting down' };
  t.match(await Promise.all(endings), [gone, gone]);
  t.equal(served.calls.running, 1);
  const late = statusOf(served.client.GetDataStream({}).resume());
  t.match(await late, gone, 'a stream that comes later gets the same');
  release();
  t.equal((await answer).code, status.OK);
  await shutdown;
  t.equal(served.calls.running, 0);
});

t.test('a call leaves no listener on its signal', async (t) => {
  let signal: AbortSignal | undefined;
  const { client, calls } = await serveHandlers(t, {
    async *GetDataStream(_requests, context) {
      signal = context.signal;
      for (let id = 0; id < 1000; id += 1) yield { id, data: 'x'.repeat(1000) };
    },
  });
  const call = client.GetDataStream({});
  for await (const _item of call) {
    // One listener of the pump's, and at most one wait for room.
    if (signal !== undefined && getEventListeners(signal, 'abort').length > 3) t.fail('listeners pile up');
  }
  await until(() => calls.running === 0);
  t.equal(signal === undefined ? -1 : getEventListeners(signal, 'abort').length, 0);
});
