import { Bell } from '../../base/index.js';

/** A queue from one writer to one reader that makes its writer wait: at most `capacity` items, or until `signal` aborts. */
export class BoundedQueue<T> implements AsyncIterable<T> {
  readonly #items: T[] = [];
  readonly #capacity: number;
  readonly #signal: AbortSignal;
  /** Rings when an item was put, and `#room` when one was taken. */
  readonly #filled = new Bell();
  readonly #room = new Bell();

  constructor(capacity: number, signal: AbortSignal) {
    this.#capacity = capacity;
    this.#signal = signal;
    const wake = () => {
      this.#filled.ring();
      this.#room.ring();
    };
    signal.addEventListener('abort', wake, { once: true });
  }

  /** Resolves when the item is in the queue; dropped once `signal` has aborted. */
  async put(item: T): Promise<void> {
    while (this.#items.length >= this.#capacity && !this.#signal.aborted) {
      await this.#room.wait();
    }
    this.#items.push(item);
    this.#filled.ring();
  }

  /** Items in order. Ends when `signal` has aborted, without what is still queued. */
  async *[Symbol.asyncIterator](): AsyncGenerator<T, void, undefined> {
    while (!this.#signal.aborted) {
      const item = this.#items.shift();
      if (item === undefined) {
        await this.#filled.wait();
        continue;
      }
      this.#room.ring();
      yield item;
    }
  }
}
