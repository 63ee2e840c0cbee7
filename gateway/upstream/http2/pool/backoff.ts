/**
 * How long to leave an address alone after failures: 200 ms, growing by 1.6 to 5 s, each with up to a fifth more or
 * less, so that many gateways do not come back in step. Capped low, because a restarted service is near and
 * cheap to try. Source of shape and factors: grpc/doc/connection-backoff.md
 */
export class Backoff {
  #failures = 0;
  #until = 0;
  readonly #now: () => number;
  readonly #random: () => number;

  /** Clock in milliseconds and a number from 0 to 1, given by tests. */
  constructor(now: () => number = () => performance.now(), random: () => number = Math.random) {
    this.#now = now;
    this.#random = random;
  }

  /** Milliseconds still to wait; 0 when a try is due. */
  get remainingMs(): number {
    return Math.max(0, this.#until - this.#now());
  }

  failed(): void {
    const delayMs = Math.min(FIRST_DELAY_MS * FACTOR ** this.#failures, MAX_DELAY_MS);
    this.#failures++;
    this.#until = this.#now() + delayMs * (1 + JITTER * (2 * this.#random() - 1));
  }

  succeeded(): void {
    this.#failures = 0;
    this.#until = 0;
  }
}

const FIRST_DELAY_MS = 200;
const FACTOR = 1.6;
const MAX_DELAY_MS = 5_000;
const JITTER = 0.2;
