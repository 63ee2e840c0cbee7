/** What a connection's streams may have under way, chosen from the steps 64 KiB, 128 KiB, ... 1 MiB. */
export interface Window {
  /** SETTINGS_INITIAL_WINDOW_SIZE for every stream of the connection. */
  readonly bytes: number;
  /** Calls on the connection. */
  readonly calls: number;
  /** Calls whose reader has stopped. */
  readonly stalled: number;
  /** The peer has not yet agreed to the last change. */
  readonly isResizing: boolean;
  /** Changes the setting. The peer then gives the difference to every stream of the connection. */
  resize(bytes: number): void;
}

/** HTTP/2's own default: nothing goes below, so a budget smaller than 64 KiB a call is not kept. */
export const leastWindowBytes = 64 * 1024;
/** Where files stop getting faster. */
export const mostWindowBytes = 1024 * 1024;

/**
 * Shares a number of bytes among the streams of all connections: the sum of all windows is what peers can make
 * us hold while nobody reads.
 *
 * Node has no window for one stream: it returns a stream's credit as the stream is read, all of the connection's at
 * once, and only the setting for all streams of a connection can be changed. So a connection starts at 64 KiB, and
 * its setting doubles when one of its calls moves a window in one go, while the budget covers every call on it and
 * none of them is stalled: what is stalled gets nothing from it. It halves again when more calls come.
 */
export class WindowBudget {
  readonly #bytes: number;
  readonly #windows = new Set<Window>();

  constructor(bytes: number) {
    this.#bytes = bytes;
  }

  /** What all calls could make us hold now. */
  get promisedBytes(): number {
    let sum = 0;
    for (const window of this.#windows) sum += window.bytes * window.calls;
    return sum;
  }

  add(window: Window): void {
    this.#windows.add(window);
  }

  delete(window: Window): void {
    this.#windows.delete(window);
  }

  /** A call of the connection has moved as much as its window allows. */
  grow(window: Window): void {
    if (window.isResizing || window.stalled > 0 || window.bytes >= mostWindowBytes) return;
    if (this.promisedBytes + window.bytes * window.calls > this.#bytes) return;
    window.resize(window.bytes * 2);
  }

  /** A call has been added somewhere, or a change agreed to: takes back from the widest until the sum fits, or all are at their least. */
  fit(): void {
    while (this.promisedBytes > this.#bytes) {
      let widest: Window | undefined;
      for (const window of this.#windows) {
        if (window.isResizing || window.bytes === leastWindowBytes) continue;
        if (!widest || window.bytes > widest.bytes) widest = window;
      }
      if (!widest) return;
      widest.resize(widest.bytes / 2);
    }
  }
}
