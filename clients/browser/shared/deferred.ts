/**
 * A promise that its creator settles: the one way in which this client wakes up code that waits. With `abortable` the wait ends early.
 * Older browsers, and Node before 22, have no `Promise.withResolvers`.
 */
export interface Deferred<Value> {
  readonly promise: Promise<Value>;
  /** Only the first call of `resolve` or `reject` has an effect. */
  resolve(value: Value): void;
  reject(reason: unknown): void;
}

/** Creates a pending promise. If no code waits for it, its rejection is not reported as unhandled. */
export function createDeferred<Value>(): Deferred<Value> {
  let resolve: (value: Value) => void = () => undefined;
  let reject: (reason: unknown) => void = () => undefined;
  const promise = new Promise<Value>((onValue, onReason) => {
    resolve = onValue;
    reject = onReason;
  });
  promise.catch(() => undefined);
  return { promise, resolve, reject };
}
