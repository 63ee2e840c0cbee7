import assert from 'node:assert/strict';
import fc from 'fast-check';
import t from 'tap';
import { backoffMs } from '../../../clients/retry/backoff.js';
import { wait } from '../../../clients/retry/wait.js';

t.test('the limit doubles up to its own limit, and the wait is anything below', async (t) => {
  const backoff = { baseMs: 100, maxMs: 1000 };
  t.same(
    [1, 2, 3, 4, 5, 6].map((attempt) => backoffMs(attempt, backoff, () => 1)),
    [100, 200, 400, 800, 1000, 1000],
  );
  t.equal(
    backoffMs(3, backoff, () => 0),
    0,
  );
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 1e9 }),
      fc.double({ min: 0, max: 0.999, noNaN: true }),
      (attempt, random) => {
        const ms = backoffMs(attempt, backoff, () => random);
        assert.ok(ms >= 0 && ms <= 1000);
      },
    ),
  );
});

t.test('a wait ends with its time or with the signal, and leaves no listener', async (t) => {
  const controller = new AbortController();
  const { signal } = controller;
  let listeners = 0;
  const counted = Object.assign(Object.create(signal) as AbortSignal, {});
  Object.defineProperties(counted, {
    aborted: { get: () => signal.aborted },
    reason: { get: () => signal.reason },
    addEventListener: {
      value: (...args: Parameters<AbortSignal['addEventListener']>) => {
        listeners += 1;
        signal.addEventListener(...args);
      },
    },
    removeEventListener: {
      value: (...args: Parameters<AbortSignal['removeEventListener']>) => {
        listeners -= 1;
        signal.removeEventListener(...args);
      },
    },
  });
  await wait(1, counted);
  t.equal(listeners, 0);
  const waiting = wait(2 ** 40, counted);
  const reason = new Error('enough');
  setImmediate(() => controller.abort(reason));
  await t.rejects(waiting, reason, 'a time beyond 32 bits does not end at once');
  await t.rejects(wait(0, signal), reason);
});
