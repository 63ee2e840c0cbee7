import type { ClientStream, WindowBudget } from '../h2/index.js';

/**
 * How fast the messages of a stream are taken, which says how wide its window should be: with a window W a service can send W in each round
 * trip. Where we are what is slow, a wider one would only hold more.
 */
export class WindowPace {
  readonly #budget: WindowBudget;
  /** Received while the reader kept up, since when, and how long the process had had nothing to do by then, in milliseconds. */
  #bytes = 0;
  #since = 0;
  #idleTime = 0;

  constructor(budget: WindowBudget) {
    this.#budget = budget;
  }

  received(bytes: number): void {
    this.#bytes += bytes;
  }

  /** The reader waits for more. */
  keepsUp(stream: ClientStream): void {
    if (!stream.isOpened && this.#bytes >= stream.windowBytes / 2) this.#budget.open(stream);
    const now = performance.now();
    const tookMs = now - this.#since;
    const isQuick = tookMs <= stream.roundTripMs;
    if (isQuick && this.#bytes < stream.windowBytes / 2) return;
    const { idleTime } = performance.nodeTiming;
    if (isQuick && idleTime - this.#idleTime > tookMs / 2) this.#budget.grow(stream);
    this.#bytes = 0;
    this.#since = now;
    this.#idleTime = idleTime;
  }

  /** So much waits for the reader. */
  isBehind(stream: ClientStream, unreadBytes: number): void {
    if (unreadBytes >= stream.windowBytes / 2) this.#budget.reset(stream);
  }

  /** The stream is gone. */
  end(stream: ClientStream): void {
    this.#budget.delete(stream);
  }
}
