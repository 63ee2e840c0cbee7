/** In place of a value: it is not here yet, and who asked is woken when it may be. Thousands who wait for the same would make as many promises of it. */
export const LATER: unique symbol = Symbol('later');

export type Later = typeof LATER;

/** Who waits for something that was not here. */
export interface Waker {
  /** To ask again is worth it; where there is a `room`, when that has come. What it does, it does at once; it must not throw. */
  wake(room?: Promise<void>): void;
}
