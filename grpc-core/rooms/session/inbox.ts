/** A queue from one writer to one reader that makes its writer wait: at most `capacity` items, or until `signal` aborts. */
export class Inbox<T> implements AsyncIterable<T> {
  readonly #items: T[] = [];
  readonly #capacity: number;
  readonly #signal: AbortSignal;
  #wakeReader: (() => void) | undefined;
  #wakeWriter: (() => void) | undefined;

  constructor(capacity: number, signal: AbortSignal) {
    this.#capacity = capacity;
    this.#signal = signal;
    signal.addEventListener('abort', () => this.#wake(), { once: true });
  }

  /** Resolves when the item is in the queue; dropped once `signal` has aborted. */
  async put(item: T): Promise<void> {
    while (this.#items.length >= this.#capacity && !this.#signal.aborted) {
      await new Promise<void>((resolve) => {
        this.#wakeWriter = resolve;
      });
    }
    this.#items.push(item);
    this.#wakeReader?.();
  }

  /** Items in order. Ends when `signal` has aborted, without what is still queued. */
  async *[Symbol.asyncIterator](): AsyncGenerator<T, void, undefined> {
    while (!this.#signal.aborted) {
      const item = this.#items.shift();
      if (item === undefined) {
        await new Promise<void>((resolve) => {
          this.#wakeReader = resolve;
        });
        continue;
      }
      this.#wakeWriter?.();
      yield item;
    }
  }

  #wake(): void {
    this.#wakeReader?.();
    this.#wakeWriter?.();
  }
}
