import type { Journal } from './journal.js';
import type { RecordingReader } from './recording-reader.js';

/** With `pause`: what the slowest reader has been handed. Nothing that comes after it may go. */
export class ReaderFloor {
  readonly #journal: Journal;
  readonly #readers: ReadonlySet<RecordingReader>;
  #floor = 0;

  constructor(journal: Journal, readers: ReadonlySet<RecordingReader>) {
    this.#journal = journal;
    this.#readers = readers;
    journal.keepAfter(0);
  }

  /** What the slowest has been handed now; `undefined`: nobody reads. */
  get least(): number | undefined {
    let least: number | undefined;
    for (const { position } of this.#readers) least = Math.min(position, least ?? position);
    return least;
  }

  /** Those for whom what is full has to wait. */
  get slowest(): RecordingReader[] {
    return [...this.#readers].filter(({ position }) => position <= this.#floor);
  }

  /** Somebody reads from now on, after the message of this number. */
  add(after: number): void {
    this.#floor = Math.min(this.#floor, after);
    this.#journal.keepAfter(this.#floor);
  }

  /** What all readers have been handed may go. False when that is nothing new. */
  move(): boolean {
    const { least } = this;
    if (least === undefined || least <= this.#floor) return false;
    this.#floor = least;
    this.#journal.keepAfter(least);
    return true;
  }

  /** Anything may go until `pin`, where nobody reads. */
  unpin(): void {
    if (this.#readers.size > 0) this.move();
    else this.#journal.keepAfter(undefined);
  }

  pin(): void {
    this.#journal.keepAfter(this.#floor);
  }
}
