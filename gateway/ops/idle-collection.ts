import { getHeapSpaceStatistics, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** How often it is looked at, in milliseconds. */
const LOOK_MS = 2_000;

/** So many looks later it collects again: what the first has found to be dead, its pages among it, goes then. */
const SECOND_LOOKS = 3;

/**
 * V8 gives up room for young objects, up to 32 MiB of it, with a full collection before which little has been made for five seconds. Where one finds it still
 * there, the next comes after twice the time, so many times: what has much to do meanwhile keeps its room.
 */
const MORE_COLLECTIONS = 4;

/** Room for young objects that is not worth a collection, in bytes. */
const YOUNG_BYTES = 4 * 1024 * 1024;

/** So many calls and connections must have begun or ended, and half of all: fewer leave little. */
const LEAST_CHANGE = 100;

/**
 * A process that used more of a processor than this has no time for it, and collects by itself. The event loop's own utilization says less: a
 * process that waits for a processor counts as busy there.
 */
const BUSY = 0.2;

/** How it collects, and how it knows what that has left. */
export interface Collector {
  collect(): void;
  /** Bytes of memory that young objects have room in. */
  youngBytes(): number;
}

/**
 * Collects garbage once many clients have come or left and the process has nothing to do. V8 collects when memory is asked for, which a process
 * that has become idle does not do: what it took to serve the first messages of a thousand clients, and what they needed, would stay resident
 * until others come, and a pod's limit counts it. It costs a pause of some tens of milliseconds, and only a quiet process has it. `open` says how many calls
 * and connections there are. Returns what stops it.
 */
export function collectWhenIdle(open: () => number, collector: Collector = V8): () => void {
  let least = 0;
  let most = 0;
  /** Looks until the next collection, 0: none is due; and how many more there may be after it. */
  let looksLeft = 0;
  let looksApart = 0;
  let more = 0;
  let last = performance.now();
  let used = usedMs();
  const timer = setInterval(() => {
    const now = performance.now();
    const usedNow = usedMs();
    const share = (usedNow - used) / (now - last);
    last = now;
    used = usedNow;
    const count = open();
    least = Math.min(least, count);
    most = Math.max(most, count);
    const isChanged = isMuch(most - count, most) || isMuch(count - least, count);
    if (share > BUSY) return;
    if (isChanged) {
      least = count;
      most = count;
      more = MORE_COLLECTIONS;
      looksApart = SECOND_LOOKS;
      looksLeft = looksApart;
      collector.collect();
      return;
    }
    if (looksLeft === 0 || --looksLeft > 0) return;
    collector.collect();
    if (more === 0 || collector.youngBytes() <= YOUNG_BYTES) return;
    more -= 1;
    looksApart *= 2;
    looksLeft = looksApart;
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

const V8: Collector = {
  /** V8's own, which a program gets without a flag of the command line only in a context that is made after the flag was set. */
  collect() {
    if (gc === undefined) {
      setFlagsFromString('--expose-gc');
      gc = runInNewContext('gc') as () => void;
      setFlagsFromString('--no-expose-gc');
    }
    gc();
  },
  youngBytes() {
    const young = getHeapSpaceStatistics().find(({ space_name }) => space_name === 'new_space');
    return young?.physical_space_size ?? 0;
  },
};
