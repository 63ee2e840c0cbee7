import type { Memory, Piece } from '../../memory/index.js';

/** Where `ByteWriter` starts; most batches fit, and 16 KiB is what one TLS record or HTTP/2 frame carries. */
const INITIAL_BYTES = 16 * 1024;

/** Where one starts that is seldom needed, and may keep its bytes for long. */
const LEAST_BYTES = 512;

/** What `Buffer.allocUnsafe` takes from its common pool. */
const POOLED_BYTES = 4 * 1024;

/** What is copied rather than lent: half a page. */
export const COPIED_BYTES = 2 * 1024;

/** What is left of a buffer is used again only when it is worth it. */
const SMALLEST_REST = INITIAL_BYTES / 4;

/** Up to here a loop costs less than a call into the engine. */
const SHORT_BYTES = 64;

/**
 * Bytes that grow at the end. What is written together leaves together: a batch of messages becomes one
 * buffer and one system call.
 */
export class ByteWriter {
  /** The bytes so far are `buffer[0..length)`. A codec may write directly after `reserve`. */
  buffer: Buffer;
  length = 0;
  readonly #memory: Memory | undefined;
  /** Where `buffer` lies, of `#memory`: only what is too large for `#own`. */
  #piece: Piece | undefined;
  /** Where a writer with a memory begins, which nobody else sees. Pages that it kept would keep those around them. */
  #own: Buffer = NOTHING;
  /** The smallest buffer. */
  readonly #leastBytes: number;

  /** `initialBytes`: 0 takes memory only for what is written, and keeps none that it has given away. With a memory, what was written can be lent, and is given back to it. The writer itself keeps nothing of it. */
  constructor(initialBytes: number = INITIAL_BYTES, memory?: Memory) {
    this.#memory = memory;
    this.#leastBytes = initialBytes === 0 && memory === undefined ? LEAST_BYTES : INITIAL_BYTES;
    this.buffer = memory === undefined ? Buffer.allocUnsafeSlow(initialBytes) : NOTHING;
  }

  /** Makes room for `count` more bytes, so that `buffer.length - length >= count`. */
  reserve(count: number): void {
    const needed = this.length + count;
    if (needed <= this.buffer.length) return;
    const wanted = Math.max(needed, this.buffer.length * 2, this.#leastBytes);
    if (this.#memory !== undefined) this.#growPiece(this.#memory, wanted);
    else {
      const grown = Buffer.allocUnsafeSlow(wanted);
      this.buffer.copy(grown, 0, 0, this.length);
      this.buffer = grown;
    }
  }

  /** Pages that are not written are not resident, so room ahead costs nothing. */
  #growPiece(memory: Memory, wanted: number): void {
    if (wanted <= INITIAL_BYTES) {
      this.#own = Buffer.allocUnsafeSlow(INITIAL_BYTES);
      this.buffer = this.#own;
      return;
    }
    const piece = this.#piece;
    if (piece?.extend(wanted) !== true) {
      const grown = memory.take(wanted);
      this.buffer.copy(grown.buffer, 0, 0, this.length);
      piece?.release();
      this.#piece = grown;
    }
    this.buffer = (this.#piece as Piece).buffer;
  }

  /** Appends bytes; they are copied. */
  bytes(value: Uint8Array): void {
    this.part(value, 0, value.length);
  }

  /** Appends the bytes from `start` to `end` of a larger piece; they are copied. */
  part(from: Uint8Array, start: number, end: number): void {
    this.reserve(end - start);
    if (end - start > SHORT_BYTES) {
      this.buffer.set(start === 0 && end === from.length ? from : from.subarray(start, end), this.length);
      this.length += end - start;
      return;
    }
    const { buffer } = this;
    let at = this.length;
    for (let index = start; index < end; index += 1) buffer[at++] = from[index] as number;
    this.length = at;
  }

  /** Appends a text as UTF-8. */
  text(value: string): void {
    // Three bytes are the most that one UTF-16 code unit needs.
    this.reserve(value.length * 3);
    if (value.length > SHORT_BYTES || !this.#ascii(value)) {
      this.length += this.buffer.write(value, this.length, 'utf8');
    }
  }

  /** Appends a short text if all of it is ASCII. */
  #ascii(value: string): boolean {
    const { buffer, length } = this;
    for (let index = 0; index < value.length; index += 1) {
      const unit = value.charCodeAt(index);
      if (unit > 0x7f) return false;
      buffer[length + index] = unit;
    }
    this.length = length + value.length;
    return true;
  }

  /** Takes what was written, and starts anew. The bytes belong to the caller: they are never written again. */
  take(): Buffer {
    const taken = this.buffer.subarray(0, this.length);
    if (this.#memory !== undefined) {
      // Beyond its size a copy of its own: those of the common pool keep others alive.
      const copy =
        taken.length > POOLED_BYTES ? Buffer.allocUnsafeSlow(taken.length) : Buffer.allocUnsafe(taken.length);
      copy.set(taken);
      this.clear();
      return copy;
    }
    if (this.#leastBytes < INITIAL_BYTES) {
      this.buffer = NOTHING;
      this.length = 0;
      return taken;
    }
    const rest = this.buffer.length - this.length;
    // The rest of a large buffer is let go: the next small batch would keep all of it in memory.
    const useful = rest >= SMALLEST_REST && this.buffer.buffer.byteLength <= INITIAL_BYTES;
    this.buffer = useful ? this.buffer.subarray(this.length) : Buffer.allocUnsafeSlow(INITIAL_BYTES);
    this.length = 0;
    return taken;
  }

  /** Lends what was written to the caller, who releases it, and starts anew. For a writer with a memory, and at least one byte. */
  lend(): Piece {
    if (this.#memory === undefined || this.length === 0) throw new TypeError('nothing to lend');
    const piece = this.#piece ?? this.#memory.take(this.length);
    piece.trim(this.length);
    if (this.#piece === undefined) this.buffer.copy(piece.buffer, 0, 0, this.length);
    this.#startAnew();
    return piece;
  }

  /**
   * Hands what was written to `write`, with what is to be called once, when nobody looks at it any more, and starts anew. Little is copied:
   * whole pages for it would be more than it is. For a writer with a memory.
   */
  handTo<Result>(write: (bytes: Buffer, onLeft: () => void) => Result, onLeft: () => void): Result {
    if (this.length < COPIED_BYTES) return write(this.take(), onLeft);
    const piece = this.lend();
    return write(piece.buffer, () => {
      piece.release();
      onLeft();
    });
  }

  /** Drops what was written. */
  clear(): void {
    this.#piece?.release();
    this.#startAnew();
  }

  #startAnew(): void {
    this.length = 0;
    if (this.#memory === undefined) return;
    this.#piece = undefined;
    this.buffer = this.#own;
  }
}

const NOTHING = Buffer.alloc(0);
