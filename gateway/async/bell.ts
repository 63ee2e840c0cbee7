import { MAX_TIMER_MS } from './timer.js';

/** What may end a wait before the bell rings. */
export interface WaitLimits {
  /** Milliseconds; more than a timer can count is cut to that. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

/**
 * Wakes everyone who waits, once, with a value. A waiter first looks at the state it waits for and then, in the same turn, calls
 * `wait`; the code that changes that state rings. Nothing is kept between rings: a ring without a waiter is lost.
 */
export class Bell<Value = void> {
  /** One promise for all who wait without limits, made when the first of them comes. */
  #promise: Promise<Value> | undefined;
  #resolve: ((value: Value) => void) | undefined;
  #limited: Set<(value: Value | undefined) => void> | undefined;

  /** Whether anyone waits. */
  get isAwaited(): boolean {
    return this.#resolve !== undefined || (this.#limited !== undefined && this.#limited.size > 0);
  }

  /** Ends every wait. */
  ring(value: Value): void {
    const resolve = this.#resolve;
    if (resolve !== undefined) {
      this.#resolve = undefined;
      this.#promise = undefined;
      resolve(value);
    }
    if (this.#limited !== undefined) for (const wake of this.#limited) wake(value);
  }

  /** Resolves at the next ring; never rejects. The caller makes sure that it rings when its own work is ended. */
  wait(): Promise<Value> {
    this.#promise ??= new Promise((resolve) => {
      this.#resolve = resolve;
    });
    return this.#promise;
  }

  /**
   * Resolves at the next ring, or with `undefined` at the first limit (at once if `signal` is aborted already). Never rejects, and
   * leaves no timer and no listener behind.
   */
  waitWithin({ timeoutMs, signal }: WaitLimits): Promise<Value | undefined> {
    if (signal?.aborted) return Promise.resolve(undefined);
    return new Promise((resolve) => {
      this.#limited ??= new Set();
      const limited = this.#limited;
      const onLimit = (): void => wake(undefined);
      const timer =
        timeoutMs === undefined ? undefined : setTimeout(onLimit, Math.min(timeoutMs, MAX_TIMER_MS));
      function wake(value: Value | undefined): void {
        limited.delete(wake);
        clearTimeout(timer);
        signal?.removeEventListener('abort', onLimit);
        resolve(value);
      }
      limited.add(wake);
      signal?.addEventListener('abort', onLimit);
    });
  }
}
