import t from 'tap';
import { collectWhenIdle } from '../../../gateway/ops/index.js';

t.test(
  'a quiet process collects twice after many exchanges have begun or ended, and never for few',
  async (t) => {
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
    t.intercept(performance, 'eventLoopUtilization', { value: () => ({ utilization: 0.1 }) });
    const [look] = looks;
    const lookAt = (now: number) => {
      open = now;
      look?.();
    };
    lookAt(99);
    lookAt(0);
    t.equal(collections, 0, 'few');
    lookAt(300);
    t.equal(collections, 1, 'many have come');
    for (let n = 0; n < 2; n += 1) lookAt(300);
    t.equal(collections, 1);
    lookAt(300);
    t.equal(collections, 2, 'what the first has found goes with the second');
    lookAt(590);
    lookAt(300);
    lookAt(310);
    t.equal(collections, 2, 'less than half of them');
    lookAt(290);
    t.equal(collections, 3, 'half of the most have left');
    lookAt(190);
    lookAt(0);
    t.equal(collections, 4, 'the others have left');
    for (let n = 0; n < 8; n += 1) lookAt(0);
    t.equal(collections, 5, 'and one after that');
    stop();
  },
);

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
