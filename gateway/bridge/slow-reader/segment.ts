import { Memory, type Piece } from '../../memory/index.js';
import type { Batch } from '../../upstream/index.js';

/** Small messages share so many bytes: a page that is not full costs little beside that, and memory that is given up is worth the work. */
export const SEGMENT_BYTES = 16 * 1024;

/** From here on a message has memory of its own. */
export const LARGE_BYTES = SEGMENT_BYTES / 2;

/** Below it no message has a buffer of its own that is memory of pages: `Memory` takes these from larger ones. */
const LARGEST_OWN_BYTES = 32 * 1024 * 1024;

/** Apart from what else waits: who is behind may hold a megabyte, and is no reason to be sparing with the clients that keep up. */
export const keptMemory = new Memory();

/** Memory for kept messages: pages, or the buffer of one large message as it came. Whoever has it calls `release`, or hands it on. */
export class Segment {
  readonly buffer: Buffer;
  /** Everything before it is written. */
  used = 0;
  /** How many bytes of it somebody needs, as its owner counts. */
  live = 0;
  readonly #piece: Piece | undefined;

  private constructor(buffer: Buffer, piece: Piece | undefined) {
    this.buffer = buffer;
    this.#piece = piece;
  }

  /** For small messages. */
  static shared(): Segment {
    const piece = keptMemory.take(SEGMENT_BYTES);
    return new Segment(piece.buffer, piece);
  }

  /** One large message, copied only where it lies in memory that others use. */
  static of(message: Uint8Array): Segment {
    const { buffer, byteOffset, length } = message;
    // One that fills an arena of its own does not keep that from being given back.
    const isOwn = length === buffer.byteLength && length < LARGEST_OWN_BYTES;
    if (isOwn) return new Segment(Buffer.from(buffer, byteOffset, length), undefined);
    const piece = keptMemory.take(length);
    piece.buffer.set(message);
    return new Segment(piece.buffer, piece);
  }

  get room(): number {
    return this.buffer.length - this.used;
  }

  /** Appends bytes, for which there must be room; returns where they start. */
  write(bytes: Uint8Array): number {
    const at = this.used;
    this.buffer.set(bytes, at);
    this.used += bytes.length;
    return at;
  }

  /** Its bytes are the batch's: they go when that is settled. */
  handOnTo(batch: Batch): void {
    if (this.#piece !== undefined) batch.owns(this.#piece.release);
  }

  release(): void {
    this.#piece?.release();
  }
}
