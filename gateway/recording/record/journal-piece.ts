import { memory, type Piece } from '../../memory/index.js';
import { KEPT_MESSAGE_BYTES } from './journal.js';

const FIRST_MESSAGES = 16;

/** Messages of a journal, one behind the other in one piece of memory, with where each ends and when it came. */
export class JournalPiece {
  /** The number of its first message, evicted or not. */
  readonly firstSeq: number;
  /** How many messages it has, evicted or not. */
  count = 0;
  readonly #piece: Piece;
  readonly #begun: number;
  #ends = new Uint32Array(FIRST_MESSAGES);
  /** Of each message, milliseconds since `#begun`. */
  #ages = new Uint32Array(FIRST_MESSAGES);

  /** With room for so many bytes of messages. Whoever makes one releases it. */
  constructor(firstSeq: number, bytes: number, now: number) {
    this.firstSeq = firstSeq;
    this.#piece = memory.take(bytes);
    this.#begun = now;
  }

  /** Where its messages lie. */
  get buffer(): Buffer {
    return this.#piece.buffer;
  }

  /** Of memory that it takes. */
  get heldBytes(): number {
    return this.#piece.buffer.length + this.#ends.length * KEPT_MESSAGE_BYTES;
  }

  /** The number of its newest message. */
  get lastSeq(): number {
    return this.firstSeq + this.count - 1;
  }

  /** How many bytes of messages still fit. */
  get room(): number {
    return this.#piece.buffer.length - this.endOf(this.count - 1);
  }

  /** Where the message of this index ends. */
  endOf(index: number): number {
    return index < 0 ? 0 : (this.#ends[index] as number);
  }

  /** How long a message is. */
  lengthOf(index: number): number {
    return this.endOf(index) - this.endOf(index - 1);
  }

  /** When a message came. */
  timeOf(index: number): number {
    return this.#begun + (this.#ages[index] as number);
  }

  /** Puts a message behind the others, for which there is room. */
  put(bytes: Uint8Array, start: number, end: number, now: number): void {
    const { count } = this;
    if (count === this.#ends.length) this.#grow();
    const at = this.endOf(count - 1);
    this.#piece.buffer.set(bytes.subarray(start, end), at);
    this.#ends[count] = at + end - start;
    this.#ages[count] = Math.max(0, now - this.#begun);
    this.count = count + 1;
  }

  release(): void {
    this.#piece.release();
  }

  #grow(): void {
    const [ends, ages] = [this.#ends, this.#ages];
    this.#ends = new Uint32Array(2 * ends.length);
    this.#ages = new Uint32Array(2 * ends.length);
    this.#ends.set(ends);
    this.#ages.set(ages);
  }
}
