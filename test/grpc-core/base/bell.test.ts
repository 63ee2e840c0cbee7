import { getEventListeners } from 'node:events';
import t from 'tap';
import { Bell } from '../../../grpc-core/base/index.js';

t.test('a ring wakes everyone who waits, once, with and without a signal', async (t) => {
  const bell = new Bell();
  const { signal } = new AbortController();
  const woken: string[] = [];
  const waits = [
    bell.wait().then(() => woken.push('a')),
    bell.wait().then(() => woken.push('b')),
    bell.wait(signal).then(() => woken.push('c')),
  ];
  bell.ring();
  void bell.wait().then(() => woken.push('too late'));
  await Promise.all(waits);
  t.same(woken.sort(), ['a', 'b', 'c']);
  t.equal(bell.waiting, 0);
  t.equal(getEventListeners(signal, 'abort').length, 0);
});

t.test('a ring without a waiter is lost', async (t) => {
  const bell = new Bell();
  bell.ring();
  let isWoken = false;
  const wait = bell.wait().then(() => {
    isWoken = true;
  });
  await new Promise((resolve) => setImmediate(resolve));
  t.equal(isWoken, false);
  bell.ring();
  await wait;
});

t.test('a wait ends with its signal, and the others go on', async (t) => {
  const bell = new Bell();
  const controller = new AbortController();
  const other = bell.wait(new AbortController().signal);
  const wait = bell.wait(controller.signal);
  t.equal(bell.waiting, 2);
  controller.abort();
  await wait;
  t.equal(bell.waiting, 1);
  await bell.wait(controller.signal);
  bell.ring();
  await other;
});
