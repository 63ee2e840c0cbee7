import { getEventListeners, once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';
import { status } from '@grpc/grpc-js';
import t, { type Test } from 'tap';
import { type DataStreamOptions, dataStream, StreamError } from '../../../clients/node/index.js';
import { settled } from '../../support/http.js';
import { type DataCall, openDataService, sendItems } from './data-service.js';

async function setUp(t: Test, ...scripts: ((call: DataCall) => void)[]) {
  const service = await openDataService(scripts);
  t.teardown(() => service.close());
  const waits: number[] = [];
  const open = (options: Partial<DataStreamOptions> = {}) =>
    dataStream({
      address: service.address,
      random: () => 1,
      wait: async (ms, signal) => {
        signal.throwIfAborted();
        waits.push(ms);
      },
      ...options,
    });
  return { service, waits, open };
}

async function collect(stream: AsyncIterable<{ id: number }>) {
  const ids: number[] = [];
  try {
    for await (const { id } of stream) ids.push(id);
  } catch (error) {
    return { ids, error: error as Error & { code?: unknown } };
  }
  return { ids, error: undefined };
}

const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, at) => from + at);
const failWith = (code: status) => (call: DataCall) => {
  call.emit('error', { code, details: `it is ${status[code]}` });
};

t.test('items come in order, and an end with OK is the end', async (t) => {
  const { service, open } = await setUp(t, (call) => {
    sendItems(call, 1, 50);
    call.end();
  });
  t.same(await collect(open()), { ids: range(1, 50), error: undefined });
  t.same(service.starts(), [0]);
});

t.test('a failed call goes on after the last item, with growing waits', async (t) => {
  const { service, waits, open } = await setUp(
    t,
    (call) => sendItems(call, 8, 9),
    failWith(status.UNAVAILABLE),
    failWith(status.DEADLINE_EXCEEDED),
    failWith(status.UNAVAILABLE),
    (call) => {
      sendItems(call, 10, 12);
      call.end();
    },
  );
  const stream = open({ startFromId: 7, backoff: { baseMs: 100, maxMs: 300 } });
  t.equal((await stream.next()).value.id, 8);
  t.equal((await stream.next()).value.id, 9);
  failWith(status.UNAVAILABLE)(service.calls[0] as DataCall);
  t.same((await collect(stream)).ids, [10, 11, 12]);
  t.same(service.starts(), [7, 9, 9, 9, 9]);
  t.same(waits, [100, 200, 300, 300]);
});

t.test('a delivered item starts the count of tries again; five in a row are the end', async (t) => {
  const fail = failWith(status.UNAVAILABLE);
  const { service, waits, open } = await setUp(t, (call) => {
    const { start_from_id: start } = call.request;
    if (start < 10) sendItems(call, start + 1, start + 1);
    else fail(call);
  });
  const failEach = async function* () {
    for await (const item of open()) {
      // The item is here: the status cannot overtake it any more.
      fail(service.calls.at(-1) as DataCall);
      yield item;
    }
  };
  const { ids, error } = await collect(failEach());
  t.same(ids, range(1, 10));
  t.equal(error?.code, status.UNAVAILABLE);
  t.same(waits, [...Array(10).fill(500), 1000, 2000, 4000, 8000]);
  t.equal(service.calls.length, 15);
});

t.test('any other error is thrown as it came, at once', async (t) => {
  for (const code of [
    status.INVALID_ARGUMENT,
    status.RESOURCE_EXHAUSTED,
    status.INTERNAL,
    status.CANCELLED,
  ]) {
    const { service, waits, open } = await setUp(t, failWith(code));
    t.match((await collect(open())).error, { code, details: `it is ${status[code]}` });
    t.equal(service.calls.length, 1);
    t.same(waits, []);
  }
});

t.test('a repeated item is dropped, a missing one is DATA_LOSS', async (t) => {
  const { service, open } = await setUp(t, (call) => {
    sendItems(call, 1, 3);
    sendItems(call, 2, 4);
    sendItems(call, 6, 6);
  });
  const { ids, error } = await collect(open({ startFromId: 0 }));
  t.same(ids, [1, 2, 3, 4]);
  t.ok(error instanceof StreamError);
  t.match(error, { code: status.DATA_LOSS, message: /message 5 is missing: 4 was followed by 6/ });
  const [call] = service.calls;
  if (call?.cancelled === false) await once(call, 'cancelled');
  t.equal(service.calls.length, 1);
});

t.test('without a known id the first item may have any', async (t) => {
  const { open } = await setUp(t, (call) => {
    sendItems(call, 501, 502);
    call.end();
  });
  t.same((await collect(open())).ids, [501, 502]);
  t.match((await collect(open({ startFromId: 0 }))).error, { code: status.DATA_LOSS });
});

t.test('a slow reader loses nothing when the call fails behind a burst', async (t) => {
  const total = 60;
  const { service, open } = await setUp(t, (call) => {
    sendItems(call, call.request.start_from_id + 1, total);
    // grpc-js tells a slow reader this status at once and throws away what it has not pulled.
    if (service.calls.length < 3) failWith(status.UNAVAILABLE)(call);
    else call.end();
  });
  const ids: number[] = [];
  for await (const { id } of open()) {
    ids.push(id);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
  t.same(ids, range(1, total));
  t.ok((service.starts()[1] ?? 0) < total, `the first call lost what came after ${service.starts()[1]}`);
});

t.test('a slow reader pauses the service', async (t) => {
  const total = 20_000;
  let written = 0;
  const { service, open } = await setUp(t, async (call) => {
    for (let id = 1; id <= total; id += 1) {
      written = id;
      if (!call.write({ id, data: 'x'.repeat(1000) })) await once(call, 'drain');
    }
    call.end();
  });
  const stream = open();
  await stream.next();
  await settled(() => written);
  t.ok(written < 500, `${written} were written while one was taken`);
  t.equal((await collect(stream)).ids.length, total - 1);
  t.equal(service.calls.length, 1);
});

t.test('leaving the loop, return() and the signal cancel the RPC', async (t) => {
  const { service, open } = await setUp(t, (call) => sendItems(call, 1, 2));
  const cancelled = async (at: number) => {
    const call = service.calls[at] as DataCall;
    if (!call.cancelled) await once(call, 'cancelled');
    t.ok(call.cancelled);
  };
  for await (const { id } of open()) {
    t.equal(id, 1);
    break;
  }
  await cancelled(0);

  const left = open();
  await left.next();
  await left.next();
  const pending = t.rejects(left.next(), { code: status.CANCELLED });
  t.same(await left.return?.(), { done: true, value: undefined });
  await pending;
  await cancelled(1);
  t.same(await left.next(), { done: true, value: undefined });

  const controller = new AbortController();
  const aborted = open({ signal: controller.signal });
  await aborted.next();
  const reason = new Error('enough');
  controller.abort(reason);
  await cancelled(2);
  await t.rejects(aborted.next(), reason);

  const early = open({ signal: AbortSignal.abort(reason) });
  await t.rejects(early.next(), reason);
  t.equal(service.calls.length, 3);
});

t.test('however a stream ends, its connection is closed and nothing is left on the signal', async (t) => {
  const { service, open: openAt } = await setUp(
    t,
    (call) => {
      sendItems(call, 1, 3);
      call.end();
    },
    failWith(status.NOT_FOUND),
    (call) => sendItems(call, 1, 3),
  );
  // In between, because grpc-js shows nobody how many connections it has.
  const relay = createServer((near) => {
    const far = connect(Number(service.address.split(':')[1]), '127.0.0.1');
    near.on('error', () => far.destroy()).pipe(far);
    far.on('error', () => near.destroy()).pipe(near);
  });
  relay.listen(0, '127.0.0.1');
  await once(relay, 'listening');
  const closes: Promise<unknown>[] = [];
  relay.on('connection', (near) => closes.push(new Promise((resolve) => near.on('close', resolve))));
  t.teardown(() => {
    relay.close();
  });
  const address = `127.0.0.1:${(relay.address() as AddressInfo).port}`;
  const open = (options: Partial<DataStreamOptions>) => openAt({ ...options, address });

  const { signal } = new AbortController();
  t.equal((await collect(open({ signal }))).error, undefined);
  t.match((await collect(open({ signal }))).error, { code: status.NOT_FOUND });
  for await (const _ of open({ signal })) break;
  t.equal(getEventListeners(signal, 'abort').length, 0);
  t.equal(closes.length, 3, 'a channel for each stream');
  await Promise.all(closes);
  t.pass('each is closed');
});

t.test('the signal ends the wait between two tries', async (t) => {
  const { service } = await setUp(t, failWith(status.UNAVAILABLE));
  const controller = new AbortController();
  const reason = new Error('enough');
  const stream = dataStream({
    address: service.address,
    signal: controller.signal,
    backoff: { baseMs: 60_000, maxMs: 60_000 },
    random: () => 1,
    onRetry: ({ attempt, delayMs, error }) => {
      t.match(
        { attempt, delayMs, error },
        { attempt: 1, delayMs: 60_000, error: { code: status.UNAVAILABLE } },
      );
      setImmediate(() => controller.abort(reason));
    },
  });
  await t.rejects(stream.next(), reason);
});

t.test('a deadline of each call is renewed with each call', async (t) => {
  const { service, open } = await setUp(t, (call) => {
    const next = call.request.start_from_id + 1;
    sendItems(call, next, next);
    if (next === 3) call.end();
  });
  t.same((await collect(open({ callTimeoutMs: 400 }))).ids, [1, 2, 3]);
  // A machine that stands still may use up a call's time before its item is here: then one more begins at the same place.
  t.same([...new Set(service.starts())], [0, 1, 2]);
});

t.test('a service that is not there is UNAVAILABLE after all tries', async (t) => {
  const { waits, open } = await setUp(t, () => undefined);
  // The kernel gives this port to nobody by itself, as it might one that was just closed.
  t.equal((await collect(open({ address: '127.0.0.1:2' }))).error?.code, status.UNAVAILABLE);
  t.equal(waits.length, 5);
});

t.test('a wrong start is refused at once', async (t) => {
  for (const startFromId of [-1, 1.5, Number.NaN, 2 ** 31]) {
    t.throws(() => dataStream({ address: '127.0.0.1:9', startFromId }), {
      code: status.INVALID_ARGUMENT,
      message: /startFromId/,
    });
  }
});
