/** Pairs of ports that there is room for at first; a power of two, as every size is. */
const LEAST_PLACES = 256;
/** Set at a place that is taken. */
const TAKEN = 0x80;

/**
 * A few flags for each pair of ports, in memory that is used again: tens of thousands of objects every few seconds would be most of the garbage of a process
 * that does nothing else, and V8 takes a process that makes so much for a busy one.
 */
export class PortStates {
  #keys = new Int32Array(LEAST_PLACES);
  #flags = new Uint8Array(LEAST_PLACES);
  #size = 0;

  /** Adds a pair of ports with flags, the lower seven bits. What holds for a pair that is there already is what held before and holds now. */
  add(local: number, remote: number, flags: number): void {
    const place = this.#placeOf((local << 16) | remote);
    const known = this.#flags[place] as number;
    if (known !== 0) {
      this.#flags[place] = known & (flags | TAKEN);
      return;
    }
    this.#keys[place] = (local << 16) | remote;
    this.#flags[place] = flags | TAKEN;
    this.#size += 1;
    if (2 * this.#size > this.#keys.length) this.#resize(2 * this.#keys.length);
  }

  /** The flags of a pair, or undefined when it was not added. */
  get(local: number, remote: number): number | undefined {
    const flags = this.#flags[this.#placeOf((local << 16) | remote)] as number;
    return flags === 0 ? undefined : flags & ~TAKEN;
  }

  /** Forgets all. What a crowd needed is given up when few are left. */
  clear(): void {
    const places = this.#keys.length;
    if (places > LEAST_PLACES && this.#size < places / 16) {
      this.#keys = new Int32Array(places / 2);
      this.#flags = new Uint8Array(places / 2);
    } else this.#flags.fill(0);
    this.#size = 0;
  }

  /** Where a key is, or would be put. */
  #placeOf(key: number): number {
    const mask = this.#keys.length - 1;
    // Ports that are one after the other must not lie in one row.
    let place = (Math.imul(key, 0x9e3779b1) >>> 15) & mask;
    while (this.#flags[place] !== 0 && this.#keys[place] !== key) place = (place + 1) & mask;
    return place;
  }

  #resize(places: number): void {
    const keys = this.#keys;
    const flags = this.#flags;
    this.#keys = new Int32Array(places);
    this.#flags = new Uint8Array(places);
    for (let from = 0; from < keys.length; from += 1) {
      if (flags[from] === 0) continue;
      const place = this.#placeOf(keys[from] as number);
      this.#keys[place] = keys[from] as number;
      this.#flags[place] = flags[from] as number;
    }
  }
}
