/** When an exchange ends whose credential ends, in milliseconds after that: at a time in between, another one for each. Negative: before. */
export interface Expiry {
  readonly fromMs: number;
  readonly toMs: number;
}

/** At that very time, for what can say so as the end of the call. */
export const AT_EXPIRY: Expiry = { fromMs: 0, toMs: 0 };

/** Before it, for clients that come back by themselves and would all come at once. */
export const BEFORE_EXPIRY: Expiry = { fromMs: -25_000, toMs: -5_000 };

/** After it, for transfers that cannot be gone on with: they end, and soon. */
export const AFTER_EXPIRY: Expiry = { fromMs: 600_000, toMs: 600_000 };

/**
 * In how many milliseconds an exchange ends whose credential ends in `leftMs`. One that is to end before, but has no more than twice that time, ends when
 * half of it is over: it would otherwise end as soon as it begins. `random`: from 0 to 1.
 */
export function expiryDelayMs({ fromMs, toMs }: Expiry, leftMs: number, random: number): number {
  if (fromMs < 0 && leftMs < -2 * fromMs) return leftMs / 2;
  return leftMs + fromMs + random * (toMs - fromMs);
}
