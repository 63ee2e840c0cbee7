import type { Test } from 'tap';

/**
 * Measures how long something takes, in milliseconds, for promises that are about time. Only time in which this process could run counts: on
 * a machine that stalls, or has no time for us, less is counted than has passed.
 */
export function startOwnTime(t: Test): () => number {
  let ticks = 0;
  const timer = setInterval(() => {
    ticks += 1;
  }, 10);
  t.teardown(() => clearInterval(timer));
  return () => ticks * 10;
}
