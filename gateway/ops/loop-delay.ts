/** How often the process looks how late it is, in milliseconds, at least and at most. */
const LEAST_LOOK_MS = 5;
const MOST_LOOK_MS = 100;

/**
 * Whether the process is late with its work: a timer that is due tells by how much. Late means that the last look was, or that the next one is overdue. So it
 * is over as soon as the process keeps up again, which is one look later.
 */
export class LoopDelay {
  readonly #mostMs: number;
  readonly #lookMs: number;
  readonly #timer: NodeJS.Timeout | undefined;
  #lookedAt = performance.now();
  #wasLate = false;

  /** `mostMs`: more is late; 0: nothing is, and nobody looks. Whoever makes one closes it. */
  constructor(mostMs: number) {
    this.#mostMs = mostMs;
    this.#lookMs = Math.max(LEAST_LOOK_MS, Math.min(MOST_LOOK_MS, Math.floor(mostMs / 4)));
    if (mostMs > 0) this.#timer = setInterval(this.#look, this.#lookMs).unref();
  }

  get isLate(): boolean {
    if (this.#timer === undefined) return false;
    return this.#wasLate || this.#isOver(performance.now());
  }

  close(): void {
    clearInterval(this.#timer);
  }

  #isOver(now: number): boolean {
    return now - this.#lookedAt - this.#lookMs > this.#mostMs;
  }

  readonly #look = (): void => {
    const now = performance.now();
    this.#wasLate = this.#isOver(now);
    this.#lookedAt = now;
  };
}
