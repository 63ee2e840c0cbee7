/**
 * Wakes everyone who waits, once. A waiter first looks at the state it waits for and then, in the same turn, calls `wait`; the code
 * that changes that state rings. Nothing is kept between rings: a ring without a waiter is lost.
 */
export class Bell {
  /** Waits that a signal may end. */
  readonly #waiting = new Set<() => void>();
  /** One promise for all others, made when the first of them comes. */
  #shared: Promise<void> | undefined;
  #resolveShared: (() => void) | undefined;

  /** How many wait with a signal right now; for tests, and to know whether anyone listens. */
  get waiting(): number {
    return this.#waiting.size;
  }

  /** Ends every wait. */
  ring(): void {
    const resolve = this.#resolveShared;
    if (resolve !== undefined) {
      this.#shared = undefined;
      this.#resolveShared = undefined;
      resolve();
    }
    if (this.#waiting.size === 0) return;
    const woken = [...this.#waiting];
    this.#waiting.clear();
    for (const wake of woken) wake();
  }

  /** Resolves at the next ring, or when `signal` aborts (at once if it has); never rejects, leaves no listener behind. */
  wait(signal?: AbortSignal): Promise<void> {
    if (signal === undefined) {
      this.#shared ??= new Promise((resolve) => {
        this.#resolveShared = resolve;
      });
      return this.#shared;
    }
    if (signal.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const wake = (): void => {
        this.#waiting.delete(wake);
        signal.removeEventListener('abort', wake);
        resolve();
      };
      this.#waiting.add(wake);
      signal.addEventListener('abort', wake);
    });
  }
}
