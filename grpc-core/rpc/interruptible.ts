/** Waits for a promise, or for the end of the call, whichever is first. One wait at a time. */
export type Interruptible = <Result>(wait: Promise<Result>) => Promise<Result>;

/**
 * Makes waits that `signal` can end: they then reject with its reason, and whatever they waited for is left to itself, its
 * failure included. One listener serves all waits, because `Promise.race` with a promise as old as the call would collect a
 * reaction for every message. The listener goes when the signal does, so use a signal that lives as long as the call.
 */
export function interruptible(signal: AbortSignal): Interruptible {
  let interrupt: ((reason: unknown) => void) | undefined;
  signal.addEventListener('abort', () => interrupt?.(signal.reason), { once: true });
  return (wait) =>
    new Promise((resolve, reject) => {
      interrupt = reject;
      wait.then(resolve, reject);
      if (signal.aborted) reject(signal.reason);
    });
}
