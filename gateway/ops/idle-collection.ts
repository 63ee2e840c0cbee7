import { performance } from 'node:perf_hooks';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** How often it is looked at, in milliseconds. */
const LOOK_MS = 2_000;

/** So many exchanges must have ended, and half of all: fewer leave little. */
const LEAST_LEFT = 100;

/** A process that used more of its time than this has no time for it, and collects by itself. */
const BUSY = 0.2;

/**
 * Collects garbage once many clients have left and the process has nothing to do. V8 collects when memory is asked for, which a process that
 * has become idle does not do: what a thousand clients needed would stay resident until others come, and a pod's limit counts it. It costs
 * a pause of some tens of milliseconds, and only a quiet process has it. Returns what stops it.
 */
export function collectWhenIdle(openExchanges: () => number, collect: () => void = collectAll): () => void {
  let most = 0;
  let isSecond = false;
  let last = performance.eventLoopUtilization();
  const timer = setInterval(() => {
    const now = performance.eventLoopUtilization();
    const { utilization } = performance.eventLoopUtilization(now, last);
    last = now;
    const open = openExchanges();
    most = Math.max(most, open);
    const left = most - open;
    if (!isSecond && (left < LEAST_LEFT || left < most / 2)) return;
    if (utilization > BUSY) return;
    collect();
    // What the first has found to be dead, its pages among it, goes with the second.
    isSecond = !isSecond;
    most = open;
  }, LOOK_MS).unref();
  return () => clearInterval(timer);
}

let gc: (() => void) | undefined;

/** V8's own, which a program gets without a flag of the command line only in a context that is made after the flag was set. */
function collectAll(): void {
  if (gc === undefined) {
    setFlagsFromString('--expose-gc');
    gc = runInNewContext('gc') as () => void;
    setFlagsFromString('--no-expose-gc');
  }
  gc();
}
