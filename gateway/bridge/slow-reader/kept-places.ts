import { isLarge } from './kept-batch.js';
import { SEGMENT_BYTES, Segment } from './segment.js';

/** Where a kept message lies. */
export interface KeptPlace {
  segment: Segment;
  start: number;
  /** How many bytes there are for it; 0 for a large one, which is alone in its segment. */
  readonly room: number;
}

/** Holes are left until they are a quarter of what is needed, and so much: what moves then is paid for by what has come since. */
const SPARE_BYTES = 2 * SEGMENT_BYTES;

/** Places for messages that go in any order: small ones share segments, of which one that nobody needs is given up. */
export class KeptPlaces {
  /** The segment that gets the next small message. */
  #current: Segment | undefined;
  /** Of all shared segments. */
  #held = 0;
  /** Of what is needed of them. */
  #live = 0;

  /** So much lies idle between messages that it is time to move these together. */
  get isSparse(): boolean {
    return this.#held > this.#live + this.#live / 4 + SPARE_BYTES;
  }

  /** Copies a message to where its older one lies, if it has room there, or gives that up for another place. */
  put(message: Uint8Array, old: KeptPlace | undefined): KeptPlace {
    if (old !== undefined && !isLarge(message) && old.room >= message.length) {
      old.segment.buffer.set(message, old.start);
      return old;
    }
    if (old !== undefined) this.free(old);
    if (isLarge(message)) return { segment: Segment.of(message), start: 0, room: 0 };
    return this.#append(message);
  }

  free({ segment, room }: KeptPlace): void {
    if (room === 0) {
      segment.release();
      return;
    }
    this.#live -= room;
    segment.live -= room;
    if (segment.live === 0 && segment !== this.#current) this.#giveUp(segment);
  }

  /** Moves what has a place here, all of it, together. */
  compact(places: Iterable<KeptPlace>): void {
    const last = this.#current;
    this.#current = undefined;
    if (last?.live === 0) this.#giveUp(last);
    for (const place of places) {
      if (place.room === 0) continue;
      const { segment, start, room } = place;
      const moved = this.#append(segment.buffer.subarray(start, start + room));
      place.segment = moved.segment;
      place.start = moved.start;
      this.free({ segment, start, room });
    }
  }

  /** Nothing has a place any more. */
  release(): void {
    if (this.#current !== undefined) this.#giveUp(this.#current);
    this.#current = undefined;
  }

  #append(message: Uint8Array): KeptPlace {
    // An empty message needs a place as well: one of no room would be a large one.
    const room = Math.max(1, message.length);
    let segment = this.#current;
    if (segment === undefined || segment.room < room) {
      if (segment?.live === 0) this.#giveUp(segment);
      segment = Segment.shared();
      this.#current = segment;
      this.#held += SEGMENT_BYTES;
    }
    const start = segment.write(message);
    segment.used = start + room;
    segment.live += room;
    this.#live += room;
    return { segment, start, room };
  }

  #giveUp(segment: Segment): void {
    this.#held -= SEGMENT_BYTES;
    segment.release();
  }
}
