/** Resets beyond what has leaked away. Half of what Node's servers take, the strictest we know. */
const MAX_LEVEL = 500;
/** How many are forgiven each second; Node's servers forgive 33. */
const LEAK_PER_SECOND = 20;

/**
 * Counts the streams that we reset on one connection. Servers close a connection with all its calls when a client resets too many too
 * fast (CVE-2023-44487), and a proxy whose browsers leave all the time looks just like that. Source: Node's `streamResetBurst` and
 * `streamResetRate`, 1000 and 33 by default.
 */
export class ResetGauge {
  #level = 0;
  #atMs: number;

  constructor(nowMs: number) {
    this.#atMs = nowMs;
  }

  /** One more. True when the connection should take no further calls, long before a server minds. */
  add(nowMs: number): boolean {
    this.#level = Math.max(0, this.#level - ((nowMs - this.#atMs) / 1_000) * LEAK_PER_SECOND) + 1;
    this.#atMs = nowMs;
    return this.#level > MAX_LEVEL;
  }
}
