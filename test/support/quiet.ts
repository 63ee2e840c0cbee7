import { setImmediate as turn } from 'node:timers/promises';

/** A process that was stalled has had no time, whatever the clock says. */
const TURNS = 20;

/**
 * Gives what must not happen the time to happen: so many milliseconds, and some turns of the event loop. For showing that nothing happens; what has
 * to happen is waited for with `until`.
 */
export async function quiet(ms = 50): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, ms));
  for (let turns = 0; turns < TURNS; turns += 1) await turn();
}
