/** A promise that is settled from outside. Browsers and Node before 22 have no `Promise.withResolvers`. */
export interface Deferred<Value> {
  readonly promise: Promise<Value>;
  /** Only the first of these counts. */
  resolve(value: Value): void;
  reject(reason: unknown): void;
}

/** Creates one. A rejection that nobody waits for is never reported as unhandled. */
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
