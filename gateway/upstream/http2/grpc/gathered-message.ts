import { memory, PAGED_BYTES, type Piece } from '../../../memory/index.js';
import type { Batch } from '../../batch.js';
import type { BatchBuilder } from './batch-builder.js';
import { assertPrefix, lengthInPrefix, PREFIX_BYTES } from './prefix.js';
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

  /** Begins with what waits, at least a prefix, and takes what is there of it. Throws an RpcError when that is no message, or it is too large. */
  static begin(unread: UnreadBytes, maxMessageBytes: number): GatheredMessage {
    const prefix = unread.head(PREFIX_BYTES);
    const flag = prefix[0] as number;
    const length = lengthInPrefix(prefix, 0);
    assertPrefix(flag, length, maxMessageBytes);
    unread.drop(PREFIX_BYTES);
    const message = new GatheredMessage(length, flag === 1);
    message.addFrom(unread);
    return message;
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
