/** What the peer may have under way on one stream. */
export interface StreamWindow {
  readonly windowBytes: number;
  /** Kept by the `WindowBudget`: it has its share of what is for those that move. */
  isOpened: boolean;
  /** A larger one is opened at once, a smaller one as what is under way is read. */
  resizeWindow(bytes: number): void;
}

/** Where files stop getting faster. */
export const MAX_WINDOW_BYTES = 1024 * 1024;

/** This part of the budget is for streams that move, however near their service is. */
const OPENED_SHARE = 1 / 16;

/**
 * Shares a number of bytes among the streams of all connections: what windows have beyond what each has at first.
 *
 * The window of a stream that moves is twice as wide as at first, until the stream ends: narrower ones cost a wake-up for few bytes. There is only so much for
 * that, because who moves may stall later, and hold it. So a few streams are fast, and a crowd is small.
 *
 * Beyond that a window doubles when its reader moves as much as it allows while something goes to the peer and back, as far as the budget covers it: what is
 * stalled gives it back. When the budget is used up, a stream that moves takes half of the widest other, if that is more than twice its own.
 */
export class WindowBudget {
  readonly #bytes: number;
  readonly #leastBytes: number;
  /** Those that are wider than the least. */
  readonly #wide = new Set<StreamWindow>();
  #lent = 0;
  /** Of that, what is for streams that move, until they end. */
  #opened = 0;

  /** `bytes` for all together, `leastBytes` is what every window has at first. */
  constructor(bytes: number, leastBytes: number) {
    this.#bytes = bytes;
    this.#leastBytes = leastBytes;
  }

  /** What windows have beyond what they have at first, together. Never more than the budget. */
  get lentBytes(): number {
    return this.#lent;
  }

  /** A stream has moved. */
  open(window: StreamWindow): void {
    const more = this.#leastBytes;
    if (window.isOpened || window.windowBytes > more) return;
    if (this.#opened + more > this.#bytes * OPENED_SHARE || this.#lent + more > this.#bytes) return;
    window.isOpened = true;
    this.#opened += more;
    this.#lent += more;
    window.resizeWindow(2 * more);
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
    this.#narrow(window);
    if (!window.isOpened) return;
    window.isOpened = false;
    this.#opened -= this.#leastBytes;
    this.#lent -= this.#leastBytes;
  }

  /** The stream does not move: it gets no credit until it has no more than it had before it grew. */
  reset(window: StreamWindow): void {
    this.#narrow(window);
    const least = this.#leastOf(window);
    if (window.windowBytes > least) window.resizeWindow(least);
  }

  #narrow(window: StreamWindow): void {
    if (this.#wide.delete(window)) this.#lent -= window.windowBytes - this.#leastOf(window);
  }

  #leastOf(window: StreamWindow): number {
    return window.isOpened ? 2 * this.#leastBytes : this.#leastBytes;
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
    if (half <= this.#leastOf(widest)) this.#wide.delete(widest);
  }
}
