/** A message or two is what most calls have to hold. */
const FIRST_PIECE_BYTES = 512;
const MAX_PIECE_BYTES = 16 * 1024;

/**
 * Bytes of one stream that wait for its reader: copies of what came, in few pieces of memory that are given back whole. Nothing of another
 * call lies in them.
 */
export class UnreadBytes {
  /** How many they are. */
  length = 0;
  #pieces: Buffer[] = [];
  /** Where they begin in the first piece, and end in the last. */
  #from = 0;
  #to = 0;

  /** The first piece. Only where there are bytes. */
  get piece(): Buffer {
    return this.#pieces[0] as Buffer;
  }

  /** Where its bytes begin. */
  get from(): number {
    return this.#from;
  }

  /** Where they end. */
  get to(): number {
    return this.#pieces.length === 1 ? this.#to : this.piece.length;
  }

  /** Copies bytes behind those that are there. */
  append(bytes: Uint8Array, start: number, end: number): void {
    this.length += end - start;
    for (let at = start; at < end; ) {
      const last = this.#lastPiece(end - at);
      const next = Math.min(end, at + last.length - this.#to);
      last.set(bytes.subarray(at, next), this.#to);
      this.#to += next - at;
      at = next;
    }
  }

  /** The last piece, with room in it. The first one grows, so that what is little is together. */
  #lastPiece(wanted: number): Buffer {
    const last = this.#pieces.at(-1);
    if (last !== undefined && this.#to < last.length) return last;
    const grows = last !== undefined && this.#pieces.length === 1 && last.length < MAX_PIECE_BYTES;
    const held = grows ? this.#to - this.#from : 0;
    const least = last === undefined || grows ? FIRST_PIECE_BYTES : MAX_PIECE_BYTES;
    const piece = Buffer.allocUnsafeSlow(Math.min(MAX_PIECE_BYTES, Math.max(2 * held, least, held + wanted)));
    if (grows) {
      last.copy(piece, 0, this.#from, this.#to);
      this.#pieces[0] = piece;
      this.#from = 0;
    } else this.#pieces.push(piece);
    this.#to = held;
    return piece;
  }

  /** The first `count` of them, into a piece of memory at `at`. */
  copy(into: Uint8Array, at: number, count: number): void {
    let from = this.#from;
    let done = 0;
    for (const piece of this.#pieces) {
      const size = Math.min(count - done, piece.length - from);
      into.set(piece.subarray(from, from + size), at + done);
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

  /** Drops the first `count` of them. */
  drop(count: number): void {
    if (count === 0) return;
    this.length -= count;
    if (this.length === 0) {
      this.#pieces = [];
      this.#from = 0;
      this.#to = 0;
      return;
    }
    this.#from += count;
    for (let piece = this.piece; this.#from >= piece.length; piece = this.piece) {
      this.#from -= piece.length;
      this.#pieces.shift();
    }
  }
}
