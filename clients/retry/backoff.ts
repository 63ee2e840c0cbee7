export interface Backoff {
  /** The longest first wait, in milliseconds. The limit doubles with each further wait. */
  readonly baseMs: number;
  /** The longest wait, in milliseconds. */
  readonly maxMs: number;
}

/**
 * The wait before try number `attempt` (from 1), in milliseconds: random from 0 to a limit that doubles each time. The whole range is
 * random ("full jitter"), so that clients which lost their connections together do not return together. `random` returns a
 * number from 0 to below 1.
 */
export function backoffMs(attempt: number, backoff: Backoff, random: () => number): number {
  // 2 ** 30 exceeds every sensible `maxMs / baseMs`, and keeps the power finite after many failures.
  const limit = Math.min(backoff.maxMs, backoff.baseMs * 2 ** Math.min(attempt - 1, 30));
  return Math.round(random() * limit);
}
