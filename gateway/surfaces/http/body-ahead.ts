/** As far as a body is read ahead of a service that takes 100 MiB a second or more, in bytes: client, gateway and service wake each other once for many pieces. */
export const MOST_AHEAD_BYTES = 1024 * 1024;
/** What a service takes in this time is worth being read ahead, in milliseconds. */
const AHEAD_MS = 10;
/** The shortest time over which its speed is measured, in milliseconds: what it takes at first only fills its window. */
const SPAN_MS = 20;

/** How far a body is read ahead of its service: as much as that takes in 10 ms, within bounds. */
export class BodyAhead {
  readonly #leastBytes: number;
  #bytes: number;
  /** What the service has taken since. */
  #taken = 0;
  #since: number | undefined;

  /** So much at first, and at least. */
  constructor(leastBytes: number) {
    this.#leastBytes = leastBytes;
    this.#bytes = leastBytes;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** The service has taken so much. */
  took(bytes: number): void {
    this.#taken += bytes;
  }

  /** All of it waits, at this time of `performance`. What may wait becomes at most twice as much from one time to the next. */
  filled(now: number): void {
    if (this.#since !== undefined) {
      const spanMs = now - this.#since;
      if (spanMs < SPAN_MS) return;
      const worth = Math.round((this.#taken / spanMs) * AHEAD_MS);
      this.#bytes = Math.max(this.#leastBytes, Math.min(worth, 2 * this.#bytes, MOST_AHEAD_BYTES));
    }
    this.#taken = 0;
    this.#since = now;
  }
}
