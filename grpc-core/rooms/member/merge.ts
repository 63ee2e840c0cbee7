import { Bell } from '../../base/index.js';

interface Ready<T> {
  readonly source: AsyncIterator<T>;
  readonly value: T;
}

/**
 * Several sources as one, first come first served, sources in turn. Of each source at most one item is taken ahead, and
 * only after the one before was asked for: a slow reader pauses every source. Iterate it once.
 */
export class Merge<T> implements AsyncIterable<T> {
  readonly #sources = new Set<AsyncIterator<T>>();
  readonly #ready: Ready<T>[] = [];
  #ended = false;
  #failure: { readonly reason: unknown } | undefined;
  /** Rings when an item is ready, or the end may have come. */
  readonly #changed = new Bell();

  /** Takes part from now on; after the end it is only returned. A source that throws ends the iteration with what it threw. */
  add(source: AsyncIterable<T>): void {
    const iterator = source[Symbol.asyncIterator]();
    if (this.#ended) {
      iterator.return?.().catch(() => undefined);
      return;
    }
    this.#sources.add(iterator);
    this.#pull(iterator);
  }

  /** No more sources: the iteration ends when those there are have ended, with `reason` if there is one. */
  end(reason?: unknown): void {
    if (this.#ended) return;
    this.#ended = true;
    if (reason !== undefined) this.#failure ??= { reason };
    this.#changed.ring();
  }

  /** Ends at once, with `reason` if there is one: sources are returned, what was taken ahead is dropped. */
  stop(reason?: unknown): void {
    this.#ended = true;
    this.#ready.length = 0;
    if (reason !== undefined) this.#failure = { reason };
    for (const source of this.#sources) source.return?.().catch(() => undefined);
    this.#sources.clear();
    this.#changed.ring();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<T, void, undefined> {
    try {
      for (;;) {
        const ready = this.#ready.shift();
        if (ready !== undefined) {
          yield ready.value;
          if (this.#sources.has(ready.source)) this.#pull(ready.source);
        } else if (this.#ended && this.#sources.size === 0) {
          if (this.#failure !== undefined) throw this.#failure.reason;
          return;
        } else {
          await this.#changed.wait();
        }
      }
    } finally {
      this.stop();
    }
  }

  #pull(source: AsyncIterator<T>): void {
    source.next().then(
      (result) => {
        if (result.done === true) this.#sources.delete(source);
        else if (this.#sources.has(source)) this.#ready.push({ source, value: result.value });
        this.#changed.ring();
      },
      (reason: unknown) => {
        // What broke matters more than what the others still have.
        if (this.#sources.delete(source)) this.stop(reason);
      },
    );
  }
}
