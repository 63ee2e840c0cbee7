import type { JournalBatch, JournalCursor } from './journal.js';

/** The journal of cursors. */
interface CursorSource {
  batchAfter(after: number, most: number): JournalBatch | undefined;
  closed(cursor: MemoryCursor): void;
}

/** One reader's place in a journal in memory. */
export class MemoryCursor implements JournalCursor {
  readonly #journal: CursorSource;
  /** What was handed out last, and lies in the memory of the journal or in some that it was copied to. */
  #lent: JournalBatch | undefined;

  constructor(journal: CursorSource) {
    this.#journal = journal;
  }

  read(after: number, most = Number.POSITIVE_INFINITY): JournalBatch | undefined {
    this.#settle();
    const batch = this.#journal.batchAfter(after, most);
    this.#lent = batch;
    return batch;
  }

  close(): void {
    this.#settle();
    this.#journal.closed(this);
  }

  /** A piece of memory is about to be used by others. */
  letGo(buffer: Buffer): void {
    if (this.#lent?.bytes === buffer) this.#lent.keep();
  }

  #settle(): void {
    const lent = this.#lent;
    this.#lent = undefined;
    if (lent === undefined) return;
    // Whoever still takes it takes a copy.
    if (lent.isBorrowed && lent.at < lent.count) lent.keep();
    lent.settle();
  }
}
