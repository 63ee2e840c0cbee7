import { setImmediate } from 'node:timers/promises';

/** Long work that stops now and then, so that whoever does it can do something else between two steps. */
export type Steps<Result> = Generator<undefined, Result, undefined>;

/** How long the event loop is held at a time, in milliseconds: less than any client notices. */
const SLICE_MS = 8;

/** Does all of it at once. */
export function finished<Result>(steps: Steps<Result>): Result {
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
  }
}

/** Does it in short turns of the event loop, between which everything else goes on. Rejects with what the work throws. */
export async function inTurns<Result>(steps: Steps<Result>): Promise<Result> {
  for (;;) {
    const until = performance.now() + SLICE_MS;
    do {
      const step = steps.next();
      if (step.done === true) return step.value;
    } while (performance.now() < until);
    await setImmediate();
  }
}
