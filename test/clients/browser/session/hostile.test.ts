import assert from 'node:assert/strict';
import { setImmediate as turn } from 'node:timers/promises';
import fc from 'fast-check';
import t from 'tap';
import { createClient, SluiceError } from '../../../../clients/browser/index.js';
import { createMemoryGateway, type MemorySocket } from '../memory-gateway.js';

const credit = 3;
const callCount = 3;

const number = fc.oneof(
  { weight: 6, arbitrary: fc.integer({ min: 0, max: callCount + 1 }) },
  fc.constantFrom(-1, 1.5, 2 ** 31 - 1, 2 ** 32 - 1, 2 ** 32, null, '1', {}, []),
);
const text = fc.oneof(fc.string(), fc.constantFrom('__proto__', null, 7, {}));
const metadata = fc.oneof(fc.dictionary(fc.string(), fc.oneof(fc.string(), fc.integer())), fc.jsonValue());
const status = fc.oneof(
  fc.record({ code: fc.integer({ min: -1, max: 17 }), message: text, details: fc.jsonValue() }),
  fc.jsonValue(),
);
/** The fields that a frame may have, each there or not, right or wrong. */
const body = fc.record(
  {
    id: number,
    credit: number,
    messages: number,
    count: number,
    reconnectAfterMs: number,
    data: fc.jsonValue(),
    cursor: text,
    requested: text,
    resumed: text,
    metadata,
    trailers: metadata,
    status,
    truncated: fc.jsonValue(),
  },
  { requiredKeys: [] },
);
const names = [
  ...Array(4).fill('message'),
  ...Array(3).fill('opened'),
  'credit',
  'headers',
  'end',
  'dropped',
  'gap',
  'goAway',
  'pong',
  'later',
  '__proto__',
];
const frame = fc.oneof(
  {
    weight: 20,
    arbitrary: fc
      .tuple(fc.constantFrom(...names), body)
      .map(([name, fields]) => `{${JSON.stringify(name)}:${JSON.stringify(fields)}}`),
  },
  fc.json(),
  fc.string(),
);

/** Whatever the gateway says, every call ends or goes on, and nothing is thrown anywhere. */
async function play(frames: readonly string[]) {
  const { sockets, WebSocket } = createMemoryGateway();
  const client = createClient({
    baseUrl: 'http://gateway.invalid',
    WebSocket,
    session: { reconnectBaseMs: 3_600_000, reconnectMaxMs: 3_600_000 },
  });
  const calls = [{ request: {} }, { request: {}, cursor: '1', maxReconnects: 0 }, {}].map((options) =>
    client.call('demo.Room/Talk', { credit, ...options }),
  );
  let taken = 0;
  const loops = calls.map(async (call) => {
    await call
      .send({})
      .then(() => call.end())
      .catch((error: unknown) => assert.ok(error instanceof SluiceError));
    try {
      for await (const _ of call.messages) taken += 1;
    } catch (error) {
      assert.ok(error instanceof SluiceError, String(error));
    }
  });
  await turn();
  const [socket] = sockets as [MemorySocket];
  socket.accept();
  await turn();
  for (const one of frames) {
    socket.down.push(one);
    socket.deliver();
    await turn();
  }
  assert.ok(taken <= frames.length);
  client.close();
  await Promise.all(loops);
  for (const call of calls) {
    assert.equal(typeof (await call.status).message, 'string');
    for (const pairs of [await call.headers, await call.trailers]) {
      assert.equal(Object.getPrototypeOf(pairs), Object.prototype);
      assert.ok(Object.values(pairs).every((value) => typeof value === 'string'));
    }
  }
  assert.ok(sockets.every(({ state, listenerCount }) => state === 'closed' && listenerCount === 0));
}

t.test('a gateway that says anything at all does not break the page', async (t) => {
  await fc.assert(fc.asyncProperty(fc.array(frame, { minLength: 1, maxLength: 30 }), play), {
    numRuns: 1000,
  });
  t.pass();
});
