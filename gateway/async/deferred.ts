/**
 * A promise for something that happens once, settled from outside. For what happens again and again there is `Bell`.
 * `Promise.withResolvers` exists from Node 22 on only.
 */
export interface Deferred<Value> {
  readonly promise: Promise<Value>;
  resolve(value: Value): void;
}

export function createDeferred<Value = void>(): Deferred<Value> {
  let resolve!: (value: Value) => void;
  const promise = new Promise<Value>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}
