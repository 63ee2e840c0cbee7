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
    const stop = collectWhenIdle(() => open, {
      collect: () => {
        collections += 1;
      },
      youngBytes: () => 1_000_000,
    });
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
  collectWhenIdle(() => open, {
    collect: () => {
      collections += 1;
    },
    youngBytes: () => 1_000_000,
  });
  look?.();
  open = 0;
  look?.();
  t.equal(collections, 0);
  share = 0.1;
  look?.();
  t.equal(collections, 1, 'as soon as it has become quiet');
});

t.test(
  'it goes on while there is much room for young objects, each time later, and not for ever',
  async (t) => {
    let open = 0;
    let youngBytes = 30_000_000;
    let look: (() => void) | undefined;
    t.intercept(globalThis, 'setInterval', {
      value: (callback: () => void) => {
        look = callback;
        return { unref: () => undefined };
      },
    });
    usesOf(t, () => 0.1);
    let looks = 0;
    let collectedAt: number[] = [];
    collectWhenIdle(() => open, { collect: () => collectedAt.push(looks), youngBytes: () => youngBytes });
    const lookOften = () => {
      collectedAt = [];
      for (looks = 0; looks < 1_000; looks += 1) look?.();
      return collectedAt;
    };
    open = 1_000;
    t.same(lookOften(), [0, 3, 9, 21, 45, 93]);
    open = 0;
    youngBytes = 4 * 1024 * 1024;
    t.same(lookOften(), [0, 3], 'little room is left');
  },
);

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
