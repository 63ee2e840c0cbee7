import { ConnectionError, ErrorCode, MAX_UINT31 } from './codes.js';
import type { ClientStream } from './stream.js';

/** Ids that are left when a connection should take no further calls. */
const SPARE_IDS = 10_000;
/** Places at first; a power of two. */
const FIRST_PLACES = 64;

/**
 * The open streams of a connection, by their ids, which are odd and never come again. A table of our own, at most half full, in which a
 * stream stands at its id or soon behind: see `OpenList` for what a `Map` would cost.
 */
export class StreamTable {
  #places: (ClientStream | undefined)[] = new Array(FIRST_PLACES).fill(undefined);
  #size = 0;
  #nextId = 1;

  get size(): number {
    return this.#size;
  }

  /** There will soon be no more ids. */
  get isNearlyUsedUp(): boolean {
    return this.#nextId > MAX_UINT31 - 2 * SPARE_IDS;
  }

  /** A new id. Throws when there is none left. */
  takeId(): number {
    if (this.#nextId > MAX_UINT31) throw new Error('the connection has no more stream ids');
    const id = this.#nextId;
    this.#nextId += 2;
    return id;
  }

  add(stream: ClientStream): void {
    this.#size += 1;
    if (2 * this.#size > this.#places.length) this.#grow();
    this.#put(stream);
  }

  delete(id: number): void {
    const places = this.#places;
    const mask = places.length - 1;
    let gap = this.#find(id);
    if (places[gap] === undefined) return;
    this.#size -= 1;
    // Those behind it move up, unless that would take them before their own place.
    for (let at = (gap + 1) & mask; ; at = (at + 1) & mask) {
      const stream = places[at];
      if (stream === undefined) break;
      const home = (stream.id >>> 1) & mask;
      if (((at - home) & mask) < ((at - gap) & mask)) continue;
      places[gap] = stream;
      gap = at;
    }
    places[gap] = undefined;
  }

  /** Those that are open now; they may go while this is walked. */
  all(): ClientStream[] {
    return this.#places.filter((stream) => stream !== undefined).sort((a, b) => a.id - b.id);
  }

  /** The stream of a frame; `undefined` when it is gone, whose late frames are passed over. Throws for one that never was. */
  of(id: number): ClientStream | undefined {
    const stream = this.#places[this.#find(id)];
    if (stream === undefined && (id % 2 === 0 || id >= this.#nextId)) {
      throw new ConnectionError(ErrorCode.PROTOCOL_ERROR, `used stream ${id}, which was never opened`);
    }
    return stream;
  }

  /** Where a stream stands, or would. */
  #find(id: number): number {
    const places = this.#places;
    const mask = places.length - 1;
    let at = (id >>> 1) & mask;
    for (let stream = places[at]; stream !== undefined && stream.id !== id; stream = places[at]) {
      at = (at + 1) & mask;
    }
    return at;
  }

  #put(stream: ClientStream): void {
    this.#places[this.#find(stream.id)] = stream;
  }

  #grow(): void {
    const old = this.#places;
    this.#places = new Array(2 * old.length).fill(undefined);
    for (const stream of old) if (stream !== undefined) this.#put(stream);
  }
}
