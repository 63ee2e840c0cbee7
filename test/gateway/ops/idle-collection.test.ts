import t from 'tap';
import { collectWhenIdle } from '../../../gateway/ops/index.js';

t.test('a quiet process collects twice after many exchanges have ended, and never for few', async (t) => {
  let open = 0;
  let collections = 0;
  const looks: (() => void)[] = [];
  t.intercept(globalThis, 'setInterval', {
    value: (look: () => void) => {
      looks.push(look);
      return { unref: () => undefined };
    },
  });
  const stop = collectWhenIdle(
    () => open,
    () => {
      collections += 1;
    },
  );
  const [look] = looks;
  const lookAt = async (now: number) => {
    open = now;
    // A turn of nothing, so that the process has been quiet.
    await new Promise((resolve) => setTimeout(resolve, 100));
    look?.();
  };
  await lookAt(99);
  await lookAt(0);
  t.equal(collections, 0, 'few');
  await lookAt(300);
  await lookAt(180);
  t.equal(collections, 0, 'less than half of them');
  await lookAt(100);
  t.equal(collections, 1);
  await lookAt(100);
  t.equal(collections, 2, 'what the first has found goes with the second');
  await lookAt(100);
  await lookAt(0);
  t.equal(collections, 3, 'the others have left');
  stop();
});

t.test('it is not in the way of a busy process', async (t) => {
  let open = 1_000;
  let collections = 0;
  let look: (() => void) | undefined;
  t.intercept(globalThis, 'setInterval', {
    value: (callback: () => void) => {
      look = callback;
      return { unref: () => undefined };
    },
  });
  collectWhenIdle(
    () => open,
    () => {
      collections += 1;
    },
  );
  look?.();
  open = 0;
  await new Promise((resolve) => setImmediate(resolve));
  const until = performance.now() + 200;
  while (performance.now() < until);
  look?.();
  t.equal(collections, 0);
});
