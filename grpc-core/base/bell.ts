/**
 * Wakes everyone who is waiting, once. A waiter first looks at the state it waits for and then, in the same turn, calls `wait`;
 * whoever changes that state rings. Nothing is kept between rings, so a ring that nobody waits for is lost.
 */
export class Bell {
  readonly #waiting = new Set<() => void>();

  /** How many wait right now; for tests and for knowing whether somebody cares. */
  get waiting(): number {
    return this.#waiting.size;
  }

  /** Ends every wait. */
  ring(): void {
    const woken = [...this.#waiting];
    this.#waiting.clear();
    for (const wake of woken) wake();
  }

  /** Resolves at the next ring, or when `signal` aborts (at once if it has); never rejects, leaves no listener behind. */
  wait(signal?: AbortSignal): Promise<void> {
    if (signal?.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const wake = (): void => {
        this.#waiting.delete(wake);
        signal?.removeEventListener('abort', wake);
        resolve();
      };
      this.#waiting.add(wake);
      signal?.addEventListener('abort', wake);
    });
  }
}
