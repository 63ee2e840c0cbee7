import t, { type Test } from 'tap';
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
    // The loop counts as busy throughout: a process that waits for a processor looks like that.
    t.intercept(performance, 'eventLoopUtilization', { value: () => ({ utilization: 1 }) });
    usesOf(t, () => 0.1);
    const stop = collectWhenIdle(
      () => open,
      () => {
        collections += 1;
      },
    );
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
  let share = 0.3;
  let collections = 0;
  let look: (() => void) | undefined;
  t.intercept(globalThis, 'setInterval', {
    value: (callback: () => void) => {
      look = callback;
      return { unref: () => undefined };
    },
  });
  usesOf(t, () => share);
  collectWhenIdle(
    () => open,
    () => {
      collections += 1;
    },
  );
  look?.();
  open = 0;
  look?.();
  t.equal(collections, 0);
  share = 0.1;
  look?.();
  t.equal(collections, 1, 'as soon as it has become quiet');
});

/** A process that uses this share of a processor; two seconds go by whenever the time is asked for. */
function usesOf(t: Test, share: () => number): void {
  let now = 0;
  let user = 0;
  t.intercept(performance, 'now', {
    value: () => {
      now += 2_000;
      user += share() * 2_000_000;
      return now;
    },
  });
  t.intercept(process, 'cpuUsage', { value: () => ({ user, system: 0 }) });
}
