import { getEventListeners } from 'node:events';
import t from 'tap';
import { Bell, MAX_TIMER_MS } from '../../../gateway/async/index.js';

t.test('a ring wakes everyone who waits, once, with its value', async (t) => {
  const bell = new Bell<number>();
  const first = [bell.wait(), bell.wait(), bell.waitWithin({ timeoutMs: 60_000 })];
  t.equal(bell.isAwaited, true);
  bell.ring(1);
  t.equal(bell.isAwaited, false);
  const second = bell.wait();
  bell.ring(2);
  t.same(await Promise.all(first), [1, 1, 1]);
  t.equal(await second, 2);
});

t.test('a ring without a waiter is lost', async (t) => {
  const bell = new Bell<string>();
  bell.ring('lost');
  const next = bell.wait();
  bell.ring('heard');
  t.equal(await next, 'heard');
});

t.test('a wait ends at its time, and the others go on', async (t) => {
  const bell = new Bell<number>();
  const other = bell.waitWithin({});
  t.equal(await bell.waitWithin({ timeoutMs: 1 }), undefined);
  t.equal(bell.isAwaited, true);
  bell.ring(3);
  t.equal(await other, 3);
});

t.test('a wait ends when its signal aborts, and no listener is left', async (t) => {
  const bell = new Bell();
  const { signal, ...controller } = boundController();
  const rung = bell.waitWithin({ signal });
  bell.ring();
  await rung;
  t.equal(getEventListeners(signal, 'abort').length, 0, 'after a ring');
  const aborted = bell.waitWithin({ signal, timeoutMs: 60_000 });
  controller.abort();
  t.equal(await aborted, undefined);
  t.equal(bell.isAwaited, false);
  t.equal(getEventListeners(signal, 'abort').length, 0, 'after an abort');
  t.equal(await bell.waitWithin({ signal }), undefined, 'at once when it is aborted already');
});

t.test('a time longer than a timer counts does not end the wait at once', async (t) => {
  const bell = new Bell<string>();
  const wait = bell.waitWithin({ timeoutMs: 2 * MAX_TIMER_MS });
  await new Promise((resolve) => setTimeout(resolve, 5));
  bell.ring('rung');
  t.equal(await wait, 'rung');
});

function boundController() {
  const controller = new AbortController();
  return { signal: controller.signal, abort: () => controller.abort() };
}
