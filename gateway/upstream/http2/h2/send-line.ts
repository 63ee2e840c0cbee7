import type { ClientStream } from './stream.js';

/** Empty places that are kept, beyond as many as are taken. */
const SPARE_PLACES = 64;

/** Streams that have something to send, first come, first served; each stands in it once. See `OpenList` for what a `Set` would cost. */
export class SendLine {
  /** Places; those between `#first` and `#end` are taken, but for those of streams that have gone. */
  #places: (ClientStream | undefined)[] = [];
  #first = 0;
  #end = 0;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** At the end, unless it is in. */
  add(stream: ClientStream): void {
    if (stream.isInLine) return;
    stream.isInLine = true;
    this.#places[this.#end++] = stream;
    this.#size += 1;
  }

  /** Takes the first. */
  shift(): ClientStream | undefined {
    while (this.#size > 0) {
      const stream = this.#places[this.#first];
      this.#places[this.#first++] = undefined;
      if (stream === undefined) continue;
      this.#remove(stream);
      return stream;
    }
    return undefined;
  }

  /** It has gone. */
  delete(stream: ClientStream): void {
    if (!stream.isInLine) return;
    this.#places[this.#places.indexOf(stream, this.#first)] = undefined;
    this.#remove(stream);
  }

  #remove(stream: ClientStream): void {
    stream.isInLine = false;
    this.#size -= 1;
    if (this.#size === 0) {
      this.#first = 0;
      this.#end = 0;
    } else if (this.#end > 2 * this.#size + SPARE_PLACES) {
      this.#places = this.#places.filter((waiting) => waiting !== undefined);
      this.#first = 0;
      this.#end = this.#size;
    }
  }
}
