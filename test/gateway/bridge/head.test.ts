import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';
import t, { type Test } from 'tap';
import { createDeferred } from '../../../gateway/async/index.js';
import { bridge } from '../../../gateway/bridge/index.js';
import { Code, type Metadata, RpcError, type Status } from '../../../gateway/status/index.js';
import type { Call } from '../../../gateway/upstream/index.js';

/** Both ends of one connection, closed in the teardown. */
async function openPair(t: Test): Promise<[near: Socket, far: Socket]> {
  const server = createServer().listen(0, '127.0.0.1');
  const near = connect((await portOf(server)).port, '127.0.0.1');
  const [far] = (await once(server, 'connection')) as [Socket];
  t.teardown(() => {
    near.destroy();
    far.destroy();
    server.close();
  });
  return [near, far];
}

async function portOf(server: ReturnType<typeof createServer>): Promise<AddressInfo> {
  await once(server, 'listening');
  return server.address() as AddressInfo;
}

/** A call without messages: `answer` gives its metadata, `fail` ends it. */
function openCall() {
  const headers = createDeferred<Metadata | undefined>();
  const status = createDeferred<Status>();
  const call: Call = {
    headers: headers.promise,
    status: status.promise,
    read: () => status.promise.then(() => undefined),
    write: () => Promise.resolve(true),
    halfClose: () => {},
    cancel: () => {},
  };
  return {
    call,
    answer: () => headers.resolve([]),
    fail: () =>
      status.resolve({ code: Code.NOT_FOUND, message: '', details: [], trailers: [], truncated: false }),
  };
}

/** A browser that asked for a stream: what it was told. */
function startExchange(call: Call) {
  const told: string[] = [];
  const report = bridge(
    {
      incoming: { read: () => Promise.resolve(undefined), close: () => {} },
      outgoing: {
        headWaitMs: 60_000,
        flushMs: 0,
        head: () => void told.push('head'),
        write: () => undefined,
        end: async ({ code }) => void told.push(`end ${code}`),
        drain: async () => {},
      },
      signal: new AbortController().signal,
      traffic: { up: 0, down: 0 },
    },
    () => call,
  );
  return { told, report };
}

t.test(
  'a failure right behind the metadata comes before the head, also when it lay unread for a while',
  async (t) => {
    const [near, far] = await openPair(t);
    const { call, answer, fail } = openCall();
    const { told, report } = startExchange(call);
    near.on('data', fail);
    // After the reads of this turn of the event loop, so that the failure is read in the next one: behind its timers.
    await turn();
    answer();
    // Until the bridge has begun to wait for what is behind it.
    for (let n = 0; n < 20; n += 1) await Promise.resolve();
    far.write('!');
    for (const begun = performance.now(); performance.now() - begun < 50; );
    await report;
    t.same(told, [`end ${Code.NOT_FOUND}`]);
  },
);

t.test('metadata without an end right behind it is told', async (t) => {
  const { call, answer, fail } = openCall();
  const { told, report } = startExchange(call);
  answer();
  while (told.length === 0) await turn();
  t.same(told, ['head']);
  fail();
  await report;
  t.same(told, ['head', `end ${Code.NOT_FOUND}`]);
});

t.test('metadata that the surface cannot take ends the exchange, whenever it comes', async (t) => {
  for (const headWaitMs of [0, 60_000, Number.POSITIVE_INFINITY])
    for (const isEarly of [true, false]) {
      const { call, answer, fail } = openCall();
      let cancels = 0;
      const told: string[] = [];
      const running = bridge(
        {
          incoming: { read: () => Promise.resolve(undefined), close: () => {} },
          outgoing: {
            headWaitMs,
            flushMs: 0,
            headers: () => {
              throw new RpcError('UPSTREAM_PROTOCOL_ERROR', 'a header no client may see');
            },
            head: () => void told.push('head'),
            write: () => undefined,
            end: async ({ code }) => void told.push(`end ${code}`),
            drain: async () => {},
          },
          signal: new AbortController().signal,
          traffic: { up: 0, down: 0 },
        },
        () => ({
          ...call,
          cancel: () => {
            cancels += 1;
            fail();
          },
        }),
      );
      if (!isEarly) await new Promise((resolve) => setTimeout(resolve, 20));
      answer();
      const report = await running;
      const name = `${headWaitMs} ms, ${isEarly ? 'early' : 'late'}`;
      t.equal(report.failure?.reason, 'UPSTREAM_PROTOCOL_ERROR', name);
      t.ok(cancels > 0, `${name}: the call is cancelled`);
      t.equal(told.at(-1), `end ${Code.INTERNAL}`, name);
    }
});

t.test(
  'a client that a defect keeps from being told its end is cut, and one that was told is not',
  async (t) => {
    const ends: [name: string, end: () => Promise<void>, cut: boolean][] = [
      ['a rejection', () => Promise.reject(new Error('a defect')), true],
      [
        'a throw',
        () => {
          throw new Error('a defect');
        },
        true,
      ],
      ['what was told', () => Promise.reject(new RpcError('UPSTREAM_PROTOCOL_ERROR', 'no message')), false],
    ];
    for (const [name, end, cut] of ends) {
      const { call, fail } = openCall();
      const running = bridge(
        {
          incoming: { read: () => Promise.resolve(undefined), close: () => {} },
          outgoing: {
            headWaitMs: 60_000,
            flushMs: 0,
            head: () => undefined,
            write: () => undefined,
            end,
            drain: async () => {},
          },
          signal: new AbortController().signal,
          traffic: { up: 0, down: 0 },
        },
        () => call,
      );
      fail();
      const report = await running;
      t.equal(report.cut, cut, name);
      t.equal(report.failure?.code, Code.INTERNAL, 'and the operator is told');
    }
  },
);
