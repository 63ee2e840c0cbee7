import { randomBytes } from 'node:crypto';
import type { Status } from '../../status/index.js';
import type { Batch } from '../../upstream/index.js';
import type { EvictionCause } from '../eviction-cause.js';
import {
  type Journal,
  type JournalBatch,
  type JournalBounds,
  type JournalIndex,
  KEPT_MESSAGE_BYTES,
} from './journal.js';
import type { Evictable, JournalMemory } from './journal-memory.js';
import { JournalPiece } from './journal-piece.js';
import { JournalRun } from './journal-run.js';
import { MemoryCursor } from './memory-cursor.js';

/** What a journal and the call that writes it cost before the first message, in bytes: with nothing in them, so many may not be kept for nothing. */
const JOURNAL_BYTES = 3 * 1024;

/** What is kept beside the messages of a piece at first. */
const INDEX_BYTES = 128;

const LEAST_PIECE = 4 * 1024;
const MOST_PIECE = 64 * 1024;

/** What a journal in memory tells others. */
export interface JournalListener {
  /** Messages are gone. */
  onEvicted(messages: number, cause: EvictionCause): void;
  /** All that it has left is how the call ended, and even that is asked for: whoever knows it may forget it, by `close`. */
  onUnwanted(): void;
}

/** What nobody can guess. */
export function newEpoch(): string {
  return randomBytes(16).toString('base64url');
}

/** A journal in the memory of this process, in a few pieces of it. */
export class MemoryJournal implements Journal, Evictable {
  readonly epoch: string;
  firstSeq = 1;
  lastSeq = 0;
  ended: Status | undefined;
  index: JournalIndex | undefined;
  readonly #bounds: JournalBounds;
  readonly #memory: JournalMemory;
  readonly #listener: JournalListener;
  readonly #clock: () => number;
  #pieces: JournalPiece[] = [];
  /** Of the messages that are kept, with what each costs. */
  #messageBytes = 0;
  #heldBytes = JOURNAL_BYTES;
  #kept: number | undefined;
  readonly #cursors = new Set<MemoryCursor>();
  #run: JournalRun | undefined;
  #isClosed = false;

  /** `clock` is for tests: milliseconds that never go back. */
  constructor(
    bounds: JournalBounds,
    memory: JournalMemory,
    listener: JournalListener,
    clock: () => number = () => performance.now(),
    epoch: string = newEpoch(),
  ) {
    this.epoch = epoch;
    this.#bounds = bounds;
    this.#memory = memory;
    this.#listener = listener;
    this.#clock = clock;
    memory.makeRoom(JOURNAL_BYTES);
    memory.count(this);
  }

  get bytes(): number {
    return this.#messageBytes;
  }

  get heldBytes(): number {
    return this.#heldBytes + (this.index?.heldBytes ?? 0);
  }

  /** `ageMs`: so long ago they came. */
  append(batch: Batch, ageMs = 0): boolean {
    const now = this.#clock() - ageMs;
    if (this.#isClosed) batch.at = batch.limit;
    for (; batch.at < batch.limit; batch.at += 1) {
      const start = batch.startOf(batch.at);
      const end = batch.endOf(batch.at);
      if (!this.#makeRoom(end - start) || !this.#put(batch.bytes, start, end, now)) return false;
    }
    return true;
  }

  /** Gives up all messages: the next one has this number. */
  skipTo(seq: number): void {
    const kept = this.#kept;
    this.#kept = undefined;
    while (this.#drop());
    this.#kept = kept;
    this.firstSeq = seq;
    this.lastSeq = seq - 1;
  }

  finish(status: Status): void {
    this.ended ??= status;
  }

  keepAfter(seq: number | undefined): void {
    this.#kept = seq;
  }

  evictAged(): void {
    const oldest = this.#clock() - this.#bounds.maxAgeMs;
    let evicted = 0;
    for (let head = this.#pieces[0]; head !== undefined; head = this.#pieces[0]) {
      if (head.timeOf(this.firstSeq - head.firstSeq) >= oldest || !this.#drop()) break;
      evicted += 1;
    }
    if (evicted > 0) this.#listener.onEvicted(evicted, 'age');
  }

  evictPart(): boolean {
    const [head] = this.#pieces;
    if (head === undefined) {
      if (this.ended === undefined) return false;
      this.#listener.onUnwanted();
      return this.#isClosed;
    }
    let evicted = 0;
    while (this.#pieces[0] === head && this.#drop()) evicted += 1;
    if (evicted > 0) this.#listener.onEvicted(evicted, 'total');
    return this.#pieces[0] !== head;
  }

  indexGrew(): void {
    if (this.#isClosed) return;
    this.#memory.count(this);
    this.#memory.makeRoom(0);
  }

  openCursor(): MemoryCursor {
    const cursor = new MemoryCursor(this);
    this.#cursors.add(cursor);
    return cursor;
  }

  /** For its cursors. */
  closed(cursor: MemoryCursor): void {
    this.#cursors.delete(cursor);
  }

  /** The same: what there is behind that number. */
  batchAfter(after: number, most: number): JournalBatch | undefined {
    const seq = Math.max(after + 1, this.firstSeq);
    if (seq > this.lastSeq) return undefined;
    if (most < Number.POSITIVE_INFINITY)
      return new JournalRun(seq, this.#pieceOf(seq), most).batch(this.epoch);
    if (this.#run?.seq !== seq || this.#run.isPart) this.#run = new JournalRun(seq, this.#pieceOf(seq), most);
    return this.#run.batch(this.epoch);
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    for (const piece of this.#pieces) this.#release(piece);
    this.#pieces = [];
    this.firstSeq = this.lastSeq + 1;
    this.#messageBytes = 0;
    this.#memory.remove(this);
  }

  /** Evicts what a message of so many bytes has no room beside. */
  #makeRoom(bytes: number): boolean {
    const { maxMessages, maxBytes } = this.#bounds;
    for (;;) {
      const count = this.lastSeq - this.firstSeq + 1;
      if (count === 0) return true;
      const cause =
        count >= maxMessages
          ? 'messages'
          : this.#messageBytes + bytes + KEPT_MESSAGE_BYTES > maxBytes
            ? 'bytes'
            : undefined;
      if (cause === undefined) return true;
      if (!this.#drop()) return false;
      this.#listener.onEvicted(1, cause);
    }
  }

  #put(bytes: Uint8Array, start: number, end: number, now: number): boolean {
    const length = end - start;
    let piece = this.#pieces[this.#pieces.length - 1];
    if (piece === undefined || piece.room < length) {
      const size = Math.max(length, Math.min(MOST_PIECE, Math.max(LEAST_PIECE, this.#messageBytes)));
      if (!this.#memory.makeRoom(size + INDEX_BYTES) && this.lastSeq >= this.firstSeq) return false;
      piece = new JournalPiece(this.lastSeq + 1, size, now);
      this.#pieces.push(piece);
      this.#heldBytes += piece.heldBytes;
      this.#memory.count(this);
    }
    const held = piece.heldBytes;
    piece.put(bytes, start, end, now);
    this.lastSeq += 1;
    this.#messageBytes += length + KEPT_MESSAGE_BYTES;
    const grown = piece.heldBytes - held;
    if (grown === 0) return true;
    this.#heldBytes += grown;
    this.#memory.count(this);
    // Others pay for it as for a message; when nobody can, it is little.
    this.#memory.makeRoom(0);
    return true;
  }

  /** Evicts the oldest message. False when there is none, or it must stay. */
  #drop(): boolean {
    const [head] = this.#pieces;
    const { firstSeq } = this;
    if (head === undefined || (this.#kept !== undefined && firstSeq > this.#kept)) return false;
    this.#messageBytes -= head.lengthOf(firstSeq - head.firstSeq) + KEPT_MESSAGE_BYTES;
    this.firstSeq = firstSeq + 1;
    const isLess = this.index?.evicted() === true;
    if (this.firstSeq > head.lastSeq) {
      this.#pieces.shift();
      this.#heldBytes -= head.heldBytes;
      this.#release(head);
    } else if (!isLess) return true;
    this.#memory.count(this);
    return true;
  }

  #release(piece: JournalPiece): void {
    const { buffer } = piece;
    for (const cursor of this.#cursors) cursor.letGo(buffer);
    if (this.#run?.bytes === buffer) this.#run = undefined;
    piece.release();
  }

  #pieceOf(seq: number): JournalPiece {
    const pieces = this.#pieces;
    let low = 0;
    let high = pieces.length - 1;
    // Most read what is newest.
    if ((pieces[high] as JournalPiece).firstSeq <= seq) return pieces[high] as JournalPiece;
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      if ((pieces[middle] as JournalPiece).firstSeq <= seq) low = middle;
      else high = middle - 1;
    }
    return pieces[low] as JournalPiece;
  }
}
