export interface Backoff {
  /** The longest first wait, in milliseconds; each next one may be twice as long. */
  readonly baseMs: number;
  /** No wait is longer than this, in milliseconds. */
  readonly maxMs: number;
}

/**
 * How long to wait before try number `attempt` (from 1): anything between nothing and a limit that doubles
 * each time. The whole range is random ("full jitter"), so that a thousand clients cut at the same moment do
 * not come back at the same moment. `random` gives a number from 0 to below 1.
 */
export function backoffMs(attempt: number, backoff: Backoff, random: () => number): number {
  // 2 ** 30 is a million times any sensible base: the power stays finite however long the trouble lasts.
  const limit = Math.min(backoff.maxMs, backoff.baseMs * 2 ** Math.min(attempt - 1, 30));
  return Math.round(random() * limit);
}
