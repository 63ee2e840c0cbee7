import { SharedForms } from '../../upstream/index.js';
import { JournalBatch } from './journal.js';
import type { JournalPiece } from './journal-piece.js';

/** What is read at once: as much as a call of its own hands over. */
const READ_BYTES = 32 * 1024;

/**
 * Messages that lie one behind the other, for all who read the same next: they share the memory, its boundaries, and the forms in which they go to clients.
 */
export class JournalRun {
  readonly seq: number;
  readonly #piece: JournalPiece;
  readonly #bounds: number[] = [];
  readonly #byteLength: number;
  /** Its piece had more messages, which were too many. */
  readonly #isCut: boolean;
  #forms: SharedForms | undefined;

  /** The messages from `seq` on, at most `most`. */
  constructor(seq: number, piece: JournalPiece, most: number) {
    this.seq = seq;
    this.#piece = piece;
    let index = seq - piece.firstSeq;
    const last = Math.min(piece.count, index + most);
    const first = piece.endOf(index - 1);
    let start = first;
    do {
      const end = piece.endOf(index);
      if (this.#bounds.length > 0 && end - first > READ_BYTES) break;
      this.#bounds.push(start, end);
      start = end;
      index += 1;
    } while (index < last);
    this.#byteLength = start - first;
    this.#isCut = index < piece.count;
  }

  get bytes(): Buffer {
    return this.#piece.buffer;
  }

  /** More of them could be handed out by now. */
  get isPart(): boolean {
    return !this.#isCut && this.seq + this.#bounds.length / 2 <= this.#piece.lastSeq;
  }

  readonly #takeForms = (): SharedForms => {
    this.#forms ??= new SharedForms();
    return this.#forms;
  };

  batch(epoch: string): JournalBatch {
    const batch = new JournalBatch(epoch, this.seq, this.bytes, this.#bounds, this.#byteLength);
    batch.isBorrowed = true;
    batch.forms = this.#takeForms;
    return batch;
  }
}
