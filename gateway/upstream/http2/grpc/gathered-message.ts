import { memory, type Piece } from '../../../memory/index.js';
import { type Batch, PAGED_BYTES } from '../../batch.js';
import type { BatchBuilder } from './batch-builder.js';
import type { UnreadBytes } from './unread-bytes.js';

/** A message that comes in several pieces, while it is put together. */
export class GatheredMessage {
  readonly #isCompressed: boolean;
  readonly #bytes: Buffer;
  /** Where it lies, if it is worth pages. */
  readonly #piece: Piece | undefined;
  #filled = 0;

  /** Takes memory for all of it. */
  constructor(length: number, isCompressed: boolean) {
    this.#isCompressed = isCompressed;
    this.#piece = length < PAGED_BYTES ? undefined : memory.take(length);
    this.#bytes = this.#piece?.buffer.subarray(0, length) ?? Buffer.allocUnsafeSlow(length);
  }

  get isWhole(): boolean {
    return this.#filled === this.#bytes.length;
  }

  /** Adds what belongs to it of the bytes from `start` to `end`, and returns how many that are. */
  add(bytes: Buffer, start: number, end: number): number {
    const count = Math.min(end - start, this.#bytes.length - this.#filled);
    if (count > 0) this.#bytes.set(bytes.subarray(start, start + count), this.#filled);
    this.#filled += count;
    return count;
  }

  /** The same of bytes that wait, which are dropped there. */
  addFrom(unread: UnreadBytes): number {
    const count = Math.min(unread.length, this.#bytes.length - this.#filled);
    unread.copy(this.#bytes, this.#filled, count);
    unread.drop(count);
    this.#filled += count;
    return count;
  }

  /** It, as a batch. Once. */
  build(builder: BatchBuilder): Batch {
    return builder.lone(this.#bytes, this.#isCompressed, this.#piece?.release);
  }

  /** Gives it up. */
  drop(): void {
    this.#piece?.release();
  }
}
