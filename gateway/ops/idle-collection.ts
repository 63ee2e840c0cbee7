import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** How often it is looked at, in milliseconds. */
const LOOK_MS = 2_000;

/**
 * So many looks later it collects again: what the first has found to be dead, its pages among it, goes then. V8 also gives up room for young
 * objects, 30 MiB, when little has been made for five seconds.
 */
const SECOND_LOOKS = 3;

/** So many exchanges must have begun or ended, and half of all: fewer leave little. */
const LEAST_CHANGE = 100;

/**
 * A process that used more of a processor than this has no time for it, and collects by itself. The event loop's own utilization says less: a
 * process that waits for a processor counts as busy there.
 */
const BUSY = 0.2;

/**
 * Collects garbage once many clients have come or left and the process has nothing to do. V8 collects when memory is asked for, which a process
 * that has become idle does not do: what it took to serve the first messages of a thousand clients, and what they needed, would stay resident
 * until others come, and a pod's limit counts it. It costs a pause of some tens of milliseconds, and only a quiet process has it. Returns what
 * stops it.
 */
export function collectWhenIdle(openExchanges: () => number, collect: () => void = collectAll): () => void {
  let least = 0;
  let most = 0;
  /** Looks until the second collection. */
  let looksLeft = 0;
  let last = performance.now();
  let used = usedMs();
  const timer = setInterval(() => {
    const now = performance.now();
    const usedNow = usedMs();
    const share = (usedNow - used) / (now - last);
    last = now;
    used = usedNow;
    const open = openExchanges();
    least = Math.min(least, open);
    most = Math.max(most, open);
    const isChanged = isMuch(most - open, most) || isMuch(open - least, open);
    if (share > BUSY) return;
    if (isChanged) {
      least = open;
      most = open;
      looksLeft = SECOND_LOOKS;
    } else if (looksLeft === 0 || --looksLeft > 0) return;
    collect();
  }, LOOK_MS).unref();
  return () => clearInterval(timer);
}

/** The processor time of the process so far, in milliseconds. */
function usedMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000;
}

function isMuch(change: number, all: number): boolean {
  return change >= LEAST_CHANGE && change >= all / 2;
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
