import { copyBytes } from './copy-bytes.js';
import { memory } from './memory.js';
import type { Piece } from './piece.js';

/** Less than this is not worth pages of its own, in bytes. */
export const PAGED_BYTES = 2 * 1024;

/** A message or two is what most calls have to hold. */
const FIRST_BYTES = 512;
const MOST_BYTES = 8 * 1024;

/** A piece of memory, in pages that are given up at once, or too small for them. */
interface Part {
  readonly bytes: Buffer;
  readonly piece: Piece | undefined;
}

/** In place of a list that nothing has been put into. Never written to. */
const NO_PARTS: Part[] = [];

/**
 * Bytes of one stream that wait: copies of what came, in few pieces of memory that are given back whole. Nothing of another call lies in
 * them. Whoever has some drops them when nobody wants them any more.
 */
export class WaitingBytes {
  /** How many they are. */
  length = 0;
  #parts = NO_PARTS;
  /** Where they begin in the first part, and end in the last. */
  #from = 0;
  #to = 0;
  /** A batch lies in what was the first part when it was lent. */
  #isLent = false;
  /** Parts that have been dropped since. */
  #dropped = NO_PARTS;
  /** Made with the first loan. */
  #takeBack: (() => void) | undefined;

  /** The first part. Only where there are bytes. */
  get piece(): Buffer {
    return (this.#parts[0] as Part).bytes;
  }

  /** Where its bytes begin. */
  get from(): number {
    return this.#from;
  }

  /** Where they end. */
  get to(): number {
    return this.#parts.length === 1 ? this.#to : this.piece.length;
  }

  /** Copies bytes behind those that are there. */
  append(bytes: Uint8Array, start: number, end: number): void {
    this.length += end - start;
    for (let at = start; at < end; ) {
      const last = this.#lastPart(end - at);
      const next = Math.min(end, at + last.length - this.#to);
      copyBytes(bytes, at, next, last, this.#to);
      this.#to += next - at;
      at = next;
    }
  }

  /** The last part, with room in it. The first one grows, so that what is little is together. */
  #lastPart(wanted: number): Buffer {
    const last = this.#parts[this.#parts.length - 1];
    if (last !== undefined && this.#to < last.bytes.length) return last.bytes;
    const grows = last !== undefined && this.#parts.length === 1 && last.bytes.length < MOST_BYTES;
    const held = grows ? this.#to - this.#from : 0;
    const least = last === undefined || grows ? FIRST_BYTES : MOST_BYTES;
    const part = newPart(Math.min(MOST_BYTES, Math.max(2 * held, least, held + wanted)));
    if (grows) {
      last.bytes.copy(part.bytes, 0, this.#from, this.#to);
      this.#parts[0] = part;
      this.#from = 0;
      this.#giveUp(last);
    } else if (this.#parts === NO_PARTS) this.#parts = [part];
    else this.#parts.push(part);
    this.#to = held;
    return part.bytes;
  }

  /** The first `count` of them, into a piece of memory at `at`. */
  copy(into: Uint8Array, at: number, count: number): void {
    let from = this.#from;
    let done = 0;
    for (const { bytes } of this.#parts) {
      const size = Math.min(count - done, bytes.length - from);
      into.set(bytes.subarray(from, from + size), at + done);
      done += size;
      from = 0;
      if (done === count) return;
    }
  }

  /** A copy of the first `count` of them. */
  head(count: number): Buffer {
    const head = Buffer.allocUnsafe(count);
    this.copy(head, 0, count);
    return head;
  }

  /** Keeps the memory of what is dropped from now on, until the function is called that it returns. One at a time. */
  lend(): () => void {
    this.#isLent = true;
    this.#takeBack ??= this.#takingBack();
    return this.#takeBack;
  }

  #takingBack(): () => void {
    return () => {
      this.#isLent = false;
      const dropped = this.#dropped;
      this.#dropped = NO_PARTS;
      for (const { piece } of dropped) piece?.release();
    };
  }

  /** Drops the first `count` of them. */
  drop(count: number): void {
    if (count === 0) return;
    this.length -= count;
    if (this.length === 0) {
      const parts = this.#parts;
      if (parts.length === 1 && (parts[0] as Part).piece === undefined && !this.#isLent) {
        // A read often ends within a message: a small part for each would be garbage that the C library keeps.
        this.#from = 0;
        this.#to = 0;
        return;
      }
      this.#parts = NO_PARTS;
      this.#from = 0;
      this.#to = 0;
      for (const part of parts) this.#giveUp(part);
      return;
    }
    this.#from += count;
    for (let piece = this.piece; this.#from >= piece.length; piece = this.piece) {
      this.#from -= piece.length;
      this.#giveUp(this.#parts.shift() as Part);
    }
  }

  #giveUp(part: Part): void {
    if (!this.#isLent) part.piece?.release();
    else if (this.#dropped === NO_PARTS) this.#dropped = [part];
    else this.#dropped.push(part);
  }
}

function newPart(bytes: number): Part {
  if (bytes < PAGED_BYTES) return { bytes: Buffer.allocUnsafeSlow(bytes), piece: undefined };
  const piece = memory.take(bytes);
  return { bytes: piece.buffer, piece };
}
