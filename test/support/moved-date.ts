import type { Test } from 'tap';
import { type Clock, stopClock } from './clock.js';

/** How many turns of the event loop what is on its way between two sockets of this process may take. */
const TURNS = 25;

/** The time of a test whose sockets are real. */
export interface MovedTime {
  /** Lets so many milliseconds pass, second by second, and what is sent meanwhile arrive. */
  pass(ms: number): Promise<void>;
  /** In seconds since the epoch. */
  readonly now: number;
}

/** Stops the clock, and the date with it, until the test is over: see `stopClock`. What waits for time alone has to be in `pass`. */
export function stopDate(t: Test): MovedTime {
  const { now } = Date;
  const begun = now();
  const clock: Clock = stopClock(t);
  const stopped = performance.now();
  Date.now = () => Math.floor(begun + performance.now() - stopped);
  t.teardown(() => {
    Date.now = now;
  });
  return {
    async pass(ms) {
      for (let left = ms; left > 0; left -= 1_000) {
        clock.pass(Math.min(left, 1_000));
        await arrived();
      }
    },
    get now() {
      return Math.floor(Date.now() / 1_000);
    },
  };
}

/** What has been sent within this process has arrived. */
export async function arrived(): Promise<void> {
  for (let turns = 0; turns < TURNS; turns += 1) await new Promise((resolve) => setImmediate(resolve));
}
