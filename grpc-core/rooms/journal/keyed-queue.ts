/**
 * One at a time for each key, in the order of asking. It keeps the callers of this process from meeting as conflicts in
 * the store, so that only other replicas can conflict. Holds nothing for a key that nobody waits for.
 */
export class KeyedQueue {
  readonly #tails = new Map<string, Promise<unknown>>();

  /** Runs `work` when all earlier work of that key is over; settles as it does. */
  async take<T>(key: string, work: () => Promise<T>): Promise<T> {
    const result = (this.#tails.get(key) ?? Promise.resolve()).then(work);
    const tail = result.catch(() => undefined);
    this.#tails.set(key, tail);
    try {
      return await result;
    } finally {
      if (this.#tails.get(key) === tail) this.#tails.delete(key);
    }
  }
}
