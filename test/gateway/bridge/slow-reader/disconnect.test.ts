import { setImmediate as turn } from 'node:timers/promises';
import t from 'tap';
import type { Outgoing } from '../../../../gateway/bridge/exchange.js';
import {
  isToldInTime,
  TooSlow,
  waitOrDisconnect,
} from '../../../../gateway/bridge/slow-reader/disconnect.js';
import { Code, RpcError } from '../../../../gateway/status/index.js';
import { Batch } from '../../../../gateway/upstream/index.js';

const KIB = 1024;

/** Gives batches, then the end unless it is told to wait; writes to `write`. */
function start(
  batches: Batch[],
  outgoing: Pick<Outgoing, 'write' | 'room'>,
  afterMs: number,
  endless = false,
) {
  const scene = { reads: 0, cancelled: false };
  let cancel: () => void = () => {};
  const cancelled = new Promise<undefined>((resolve) => {
    cancel = () => {
      scene.cancelled = true;
      resolve(undefined);
    };
  });
  const result = waitOrDisconnect(
    { policy: 'disconnect', afterMs },
    {
      outgoing: outgoing as Outgoing,
      signal: new AbortController().signal,
      read: async () => batches[scene.reads++] ?? (endless ? await cancelled : undefined),
      count: () => {},
      hold: () => undefined,
      cancel,
    },
  );
  result.catch(() => {});
  return { scene, result };
}

const views = (count: number, bytes: number) => Array.from({ length: count }, () => new Uint8Array(bytes));
const messages = (count: number, bytes: number): Batch => Batch.of(views(count, bytes));

t.test('a batch is written in turns of at most 64 KiB, or of one message', async (t) => {
  const written: number[][] = [];
  const write = (batch: Batch) => {
    written.push(Array.from(batch, (message) => message.length / KIB));
    return undefined;
  };
  const { result } = start(
    [Batch.of([...views(3, 30 * KIB), ...views(1, 200 * KIB), ...views(1, KIB)])],
    { write },
    1_000,
  );
  t.equal(await result, true);
  t.same(written, [[30, 30], [30], [200], [1]]);
});

t.test(
  'the service waits while the client makes no room, and the call ends when that takes too long',
  async (t) => {
    const { scene, result } = start(
      [messages(1, 1), messages(1, 1)],
      { write: () => new Promise(() => {}) },
      50,
    );
    await turn();
    t.equal(scene.reads, 1, 'nothing more is read');
    await t.rejects(result, new TooSlow(50));
    t.match(new TooSlow(50), { code: Code.RESOURCE_EXHAUSTED });
  },
);

t.test('no timer is left when there is room in time', async (t) => {
  const timers = () => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
  const before = timers();
  const { result } = start(
    [messages(1, 1), messages(1, 1)],
    { write: () => turn() as Promise<void> },
    60_000,
  );
  t.equal(await result, true);
  t.equal(timers(), before);
});

t.test('with credit the time begins when there is something that the client has no credit for', async (t) => {
  let credit = 1;
  const sizes: number[] = [];
  const { result } = start(
    [messages(1, 1), messages(3, 1)],
    {
      room: () => (credit > 0 ? credit : new Promise<void>(() => {})),
      write: (batch) => {
        const taken = [...batch].length;
        credit -= taken;
        sizes.push(taken);
        // Like a session, which is done with it when all of it has been sent.
        return Promise.resolve();
      },
    },
    50,
  );
  await turn();
  t.same(sizes, [1]);
  credit = 2;
  await t.rejects(result, { code: Code.RESOURCE_EXHAUSTED });
  t.same(sizes, [1], 'room is asked once, and waited for');
});

t.test('with credit the end waits until the last write has left', async (t) => {
  let leave: () => void = () => {};
  const write = () =>
    new Promise<void>((resolve) => {
      leave = resolve;
    });
  const { result } = start([messages(1, 1)], { room: () => 5, write }, 60_000);
  let over = false;
  void result.then(() => {
    over = true;
  });
  await turn();
  t.notOk(over);
  leave();
  t.equal(await result, true);
});

t.test('a write that fails later ends the call, and is no unhandled rejection', async (t) => {
  const problem = new RpcError('UPSTREAM_INVALID_MESSAGE', 'this is no message');
  const { scene, result } = start(
    [messages(1, 1)],
    { room: () => 5, write: () => turn().then(() => Promise.reject(problem)) },
    60_000,
    true,
  );
  await t.rejects(result, problem);
  t.ok(scene.cancelled);
});

t.test('a write that is not wanted ends it', async (t) => {
  const { result } = start([messages(1, 1), messages(1, 1)], { write: () => false }, 60_000);
  t.equal(await result, false);
});

t.test('a client that takes the news in time is told', async (t) => {
  t.equal(await isToldInTime(turn() as Promise<void>), true);
});
