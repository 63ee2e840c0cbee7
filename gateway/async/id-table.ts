/** Places at first; a power of two. */
const FIRST_PLACES = 16;
/** 2^32 divided by the golden ratio: ids in a row, and every second id, come to lie far apart. */
const SPREAD = 0x9e3779b1;

/** What an `IdTable` holds. */
export interface Identified {
  /** From 0 to 2^32 - 1. It does not change while it is in a table. */
  readonly id: number;
}

/**
 * Those that are open now, by their ids: for what comes and goes with every call. Open addressing, at most half full. Not a `Map`: see
 * `OpenList` for what that would cost.
 */
export class IdTable<Item extends Identified> {
  #places: (Item | undefined)[] = new Array(FIRST_PLACES).fill(undefined);
  /** An id's own place is what its product is, shifted by this. */
  #shift = Math.clz32(FIRST_PLACES) + 1;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** Adds one whose id is not in it. */
  add(item: Item): void {
    this.#size += 1;
    if (2 * this.#size > this.#places.length) this.#grow();
    this.#put(item);
  }

  get(id: number): Item | undefined {
    return this.#places[this.#find(id)];
  }

  /** Takes one out, if it is in. */
  delete(id: number): void {
    const places = this.#places;
    const mask = places.length - 1;
    let gap = this.#find(id);
    if (places[gap] === undefined) return;
    this.#size -= 1;
    // Those behind it move up, unless that would take them before their own place.
    for (let at = (gap + 1) & mask; ; at = (at + 1) & mask) {
      const item = places[at];
      if (item === undefined) break;
      if (((at - this.#home(item.id)) & mask) < ((at - gap) & mask)) continue;
      places[gap] = item;
      gap = at;
    }
    places[gap] = undefined;
  }

  /** Those that are in it now, in order of their ids; they may go, and others come, while this is walked. */
  all(): Item[] {
    return this.#places.filter((item) => item !== undefined).sort((a, b) => a.id - b.id);
  }

  #home(id: number): number {
    return Math.imul(id, SPREAD) >>> this.#shift;
  }

  /** Where an id stands, or would. */
  #find(id: number): number {
    const places = this.#places;
    const mask = places.length - 1;
    let at = this.#home(id);
    for (let item = places[at]; item !== undefined && item.id !== id; item = places[at]) at = (at + 1) & mask;
    return at;
  }

  #put(item: Item): void {
    this.#places[this.#find(item.id)] = item;
  }

  #grow(): void {
    const old = this.#places;
    this.#places = new Array(2 * old.length).fill(undefined);
    this.#shift -= 1;
    for (const item of old) if (item !== undefined) this.#put(item);
  }
}
