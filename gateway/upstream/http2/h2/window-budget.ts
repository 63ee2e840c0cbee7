/** What the peer may have under way on one stream. */
export interface StreamWindow {
  readonly windowBytes: number;
  /** A larger one is opened at once, a smaller one as what is under way is read. */
  resizeWindow(bytes: number): void;
}

/** Every stream's window at first: HTTP/2's own default, within a byte. */
export const MIN_WINDOW_BYTES = 64 * 1024;
/** Where files stop getting faster. */
export const MAX_WINDOW_BYTES = 1024 * 1024;

/**
 * Shares a number of bytes among the streams of all connections: what windows have beyond their first 64 KiB.
 *
 * A window doubles when its reader moves as much as it allows in one go, while the budget covers it: what is stalled gets nothing
 * from it. When the budget is used up, a stream that moves takes half of the widest other, if that is more than twice its own.
 */
export class WindowBudget {
  readonly #bytes: number;
  /** Those that are wider than the least. */
  readonly #wide = new Set<StreamWindow>();
  #lent = 0;

  constructor(bytes: number) {
    this.#bytes = bytes;
  }

  /** What windows have beyond their first 64 KiB, together. Never more than the budget. */
  get lentBytes(): number {
    return this.#lent;
  }

  /** A stream has moved as much as its window allows. */
  grow(window: StreamWindow): void {
    const more = window.windowBytes;
    if (more >= MAX_WINDOW_BYTES) return;
    if (this.#lent + more > this.#bytes) this.#takeBack(2 * more);
    if (this.#lent + more > this.#bytes) return;
    this.#lent += more;
    this.#wide.add(window);
    window.resizeWindow(2 * more);
  }

  /** The stream is gone. */
  delete(window: StreamWindow): void {
    if (this.#wide.delete(window)) this.#lent -= window.windowBytes - MIN_WINDOW_BYTES;
  }

  /** Halves the widest window of more than `bytes`. */
  #takeBack(bytes: number): void {
    let widest: StreamWindow | undefined;
    for (const window of this.#wide) {
      if (window.windowBytes > (widest?.windowBytes ?? bytes)) widest = window;
    }
    if (widest === undefined) return;
    const half = widest.windowBytes / 2;
    this.#lent -= half;
    widest.resizeWindow(half);
    if (half === MIN_WINDOW_BYTES) this.#wide.delete(widest);
  }
}
