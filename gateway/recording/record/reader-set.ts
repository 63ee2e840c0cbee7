import type { Journal } from './journal.js';
import type { RecordingReader } from './recording-reader.js';
import { WaitingReaders } from './waiting-readers.js';

/** The readers of a recording, and which of them wait. */
export class ReaderSet {
  readonly all = new Set<RecordingReader>();
  /** Those of them that wait for a message. */
  readonly waiting: WaitingReaders;
  /** When the last one left, or none had come yet, in milliseconds of `performance`. */
  #leftAt = performance.now();

  constructor(journal: Journal) {
    this.waiting = new WaitingReaders(journal);
  }

  get size(): number {
    return this.all.size;
  }

  /** For how long there has been none, in milliseconds; 0 while there is one. */
  get absentMs(): number {
    return this.size > 0 ? 0 : performance.now() - this.#leftAt;
  }

  add(reader: RecordingReader): void {
    this.all.add(reader);
  }

  /** False where it was none. */
  leave(reader: RecordingReader): boolean {
    if (!this.all.delete(reader)) return false;
    this.waiting.leave(reader);
    if (this.size === 0) this.#leftAt = performance.now();
    return true;
  }
}
