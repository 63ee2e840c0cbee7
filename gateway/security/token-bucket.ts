/**
 * So many of something at once, and so many a second from then on. For what belongs to one connection; clients have `TokenBuckets`.
 */
export class TokenBucket {
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

  /** Takes one more. False: it is one too many, and is not counted. `now`: in milliseconds of `performance`. */
  take(now = performance.now()): boolean {
    this.#left = Math.min(this.#burst, this.#left + ((now - this.#at) / 1_000) * this.#perSecond);
    this.#at = now;
    if (this.#left < 1) return false;
    this.#left -= 1;
    return true;
  }

  /** One that was taken did not count. */
  giveBack(): void {
    this.#left += 1;
  }
}
