/**
 * Frames that need an answer and belong to no request: how many a client may send. A flood of them costs us more than its client, and nothing else bounds
 * it.
 */
export class FrameBudget {
  readonly #burst: number;
  readonly #perSecond: number;
  #left: number;
  #at = performance.now();

  /** `burst` at once, and `perSecond` from then on. */
  constructor(burst: number, perSecond: number) {
    this.#burst = burst;
    this.#perSecond = perSecond;
    this.#left = burst;
  }

  /** Takes one more frame. False: it is one too many. */
  take(now = performance.now()): boolean {
    this.#left = Math.min(this.#burst, this.#left + ((now - this.#at) / 1_000) * this.#perSecond);
    this.#at = now;
    this.#left -= 1;
    return this.#left >= 0;
  }
}
