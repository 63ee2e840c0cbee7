import { memory, WaitingBytes } from '../../../memory/index.js';
import type { FrameWriter } from './frame-writer.js';

/** What a stream has been given and has not sent, in its order. */
export class UnsentBytes {
  #pieces: Uint8Array[] = [];
  /** How much of the first piece has been sent. */
  #sentOfFirst = 0;
  /** Pieces at the front that others may still look at. */
  #lent = 0;
  /** What waits behind the pieces where many wait: copies in pages, so that who wrote it can let go of it. */
  #tail: WaitingBytes | undefined;
  #bytes = 0;

  get bytes(): number {
    return this.#bytes;
  }

  /** They must not change afterwards. `isGiven`: nobody else looks at them, so their memory is given back when they have left. */
  add(bytes: Uint8Array, isGiven: boolean): void {
    if (this.#tail !== undefined) {
      this.copy(bytes);
      return;
    }
    this.#pieces.push(bytes);
    if (!isGiven) this.#lent = this.#pieces.length;
    memory.ordinaryBytes += bytes.length;
    this.#bytes += bytes.length;
  }

  /** They may change as soon as it returns. */
  copy(bytes: Uint8Array): void {
    this.#tail ??= new WaitingBytes();
    this.#tail.append(bytes, 0, bytes.length);
    this.#bytes += bytes.length;
  }

  /** Hands over so many bytes, of those that wait. What was given in pieces leaves in frames as large as they may be: a prefix of five bytes has none of its own. */
  send(bytes: number, writer: FrameWriter): void {
    this.#bytes -= bytes;
    for (let left = bytes; left > 0; ) {
      const first = this.#pieces[0];
      if (first === undefined) {
        this.#sendTail(left, writer);
        return;
      }
      const start = this.#sentOfFirst;
      const end = Math.min(first.length, start + left);
      writer.piece(end - start === first.length ? first : first.subarray(start, end));
      left -= end - start;
      memory.ordinaryBytes -= end - start;
      if (end < first.length) this.#sentOfFirst = end;
      else this.#sent(first, writer);
    }
  }

  /** The first piece has been handed over, to its end. */
  #sent(first: Uint8Array, writer: FrameWriter): void {
    this.#pieces.shift();
    this.#sentOfFirst = 0;
    if (this.#lent > 0) this.#lent -= 1;
    else writer.spend(first);
  }

  /** The pages are given up at once, so what leaves is a copy. */
  #sendTail(bytes: number, writer: FrameWriter): void {
    const tail = this.#tail as WaitingBytes;
    writer.piece(tail.head(bytes));
    tail.drop(bytes);
    if (tail.length === 0) this.#tail = undefined;
  }

  /** Nothing of it will be sent. */
  drop(): void {
    const inPages = this.#tail?.length ?? 0;
    memory.ordinaryBytes -= this.#bytes - inPages;
    this.#tail?.drop(inPages);
    this.#tail = undefined;
    this.#pieces = [];
    this.#bytes = 0;
  }
}
