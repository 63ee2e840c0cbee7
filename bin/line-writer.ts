import { writeSync } from 'node:fs';

/** How long a line may wait for others that are written with it, in milliseconds; the first one after a silence of this time does not. */
const GATHER_MS = 10;
/** Lines that are gathered are written at this many characters at the latest. */
const GATHER_CHARACTERS = 16 * 1024;
/** What may wait while the reader takes nothing, in bytes; lines beyond it are dropped and counted. */
const MAX_WAITING_BYTES = 1024 * 1024;
/** How long the end of the process waits for a reader that takes nothing, in milliseconds. */
const MAX_END_MS = 2_000;
/** The time between two attempts of the end, in milliseconds. */
const END_STEP_MS = 5;

/** What a line writer needs of the system; replaced in tests. */
export interface LineWriterOptions {
  /** Writes to the reader and says how many bytes it took. Throws EAGAIN while it takes none. */
  readonly write?: (bytes: Uint8Array) => number;
  /** Called once, when the reader is gone: nothing is written any more. */
  readonly onLost: () => void;
  /** So many lines were dropped since the last time; now there is room to say so. */
  readonly onDropped: (lines: number) => void;
}

/**
 * Writes lines to the standard output, many in one system call when they come quickly. A reader that is slow does not hold up the process: pipes do not
 * block, so lines wait here within a bound. `close` writes what is left; a process calls it when it exits.
 */
export class LineWriter {
  readonly #write: (bytes: Uint8Array) => number;
  readonly #onLost: () => void;
  readonly #onDropped: (lines: number) => void;
  /** Lines that came since the last write. */
  #gathered = '';
  /** What the reader has not taken. */
  #waiting: Buffer | undefined;
  #dropped = 0;
  #isLost = false;
  #timer: NodeJS.Timeout | undefined;

  constructor({ write = writeToOutput, onLost, onDropped }: LineWriterOptions) {
    this.#write = write;
    this.#onLost = onLost;
    this.#onDropped = onDropped;
  }

  /** Takes a line, with its line feed. Never throws. */
  write(line: string): void {
    if (this.#isLost) return;
    if (this.#waiting !== undefined && this.#waiting.length + this.#gathered.length > MAX_WAITING_BYTES) {
      this.#dropped += 1;
      return;
    }
    this.#gathered += line;
    if (this.#timer === undefined) this.#next();
    else if (this.#gathered.length >= GATHER_CHARACTERS && this.#waiting === undefined) this.#flush();
  }

  /** Writes what is left now, and waits a moment for a reader that takes nothing. For the end of the process. */
  close(): void {
    const end = performance.now() + MAX_END_MS;
    const sleeper = new Int32Array(new SharedArrayBuffer(4));
    while (!this.#flush() && !this.#isLost && performance.now() < end)
      Atomics.wait(sleeper, 0, 0, END_STEP_MS);
  }

  /** Writes what there is; as long as there was something, further lines wait for each other. */
  readonly #next = (): void => {
    this.#timer = undefined;
    if (this.#gathered === '' && this.#waiting === undefined) return;
    this.#timer = setTimeout(this.#next, GATHER_MS).unref();
    this.#flush();
  };

  /** Writes until nothing is left. False when the reader takes no more now. */
  #flush(): boolean {
    while (this.#waiting !== undefined || this.#gathered !== '') {
      if (this.#waiting === undefined) {
        this.#waiting = Buffer.from(this.#gathered);
        this.#gathered = '';
      }
      if (!this.#pass()) return false;
      const dropped = this.#dropped;
      this.#dropped = 0;
      if (dropped > 0) this.#onDropped(dropped);
    }
    return true;
  }

  /** Passes on what waits. False when the reader takes no more now. */
  #pass(): boolean {
    let rest = this.#waiting ?? Buffer.alloc(0);
    try {
      while (rest.length > 0) rest = rest.subarray(this.#write(rest));
      this.#waiting = undefined;
      return true;
    } catch (reason) {
      this.#waiting = rest;
      if ((reason as NodeJS.ErrnoException).code === 'EAGAIN') return false;
      this.#lose();
      return false;
    }
  }

  #lose(): void {
    this.#isLost = true;
    this.#waiting = undefined;
    this.#gathered = '';
    clearTimeout(this.#timer);
    this.#onLost();
  }
}

function writeToOutput(bytes: Uint8Array): number {
  return writeSync(1, bytes);
}
