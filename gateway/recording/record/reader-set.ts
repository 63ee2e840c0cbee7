import type { RecordingReader } from './recording-reader.js';

/** The readers of a recording, and which of them wait. */
export class ReaderSet {
  readonly all = new Set<RecordingReader>();
  /** Those of them that wait for a message. */
  #waiting: RecordingReader[] = [];
  /** When the last one left, or none had come yet, in milliseconds of `performance`. */
  #leftAt = performance.now();

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
    const at = this.#waiting.indexOf(reader);
    if (at >= 0) this.#waiting.splice(at, 1);
    if (this.size === 0) this.#leftAt = performance.now();
    return true;
  }

  /** `reader.wake` is called when there is more, or the end. */
  wait(reader: RecordingReader): void {
    this.#waiting.push(reader);
  }

  wakeAll(): void {
    if (this.#waiting.length === 0) return;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const reader of waiting) reader.wake();
  }
}
