import type { Deferred } from './deferred.js';

/**
 * A deferred of whoever lives on for long when it has been settled, as an open stream does: from then on it holds its promise and nothing of what has settled
 * it. `resolve` is a method, to be called on it.
 */
export class Outcome<Value> implements Deferred<Value> {
  readonly promise: Promise<Value>;
  #resolve: ((value: Value) => void) | undefined;

  constructor() {
    this.promise = new Promise((resolve) => {
      this.#resolve = resolve;
    });
  }

  /** Only the first value counts. */
  resolve(value: Value): void {
    const resolve = this.#resolve;
    this.#resolve = undefined;
    resolve?.(value);
  }
}
