import { digestOf } from './digest.js';

/** From this many keys on a set is faster than looking through all of them. */
const LINEAR_KEYS = 24;
/** Start or low half, length or high half, and a digest that is rarely the same for different keys. */
const ENTRY_SIZE = 3;

/** Where the list of a map begins. */
interface Level {
  base: number;
  count: number;
  set: Set<string> | undefined;
  seenLow: number;
  seenHigh: number;
}

/**
 * The keys of one map so far, to find one that comes twice. A key is a run of bytes in a buffer, or a number of two
 * halves. Lists are nested by `open` and `close`, as maps are.
 */
export class KeyList {
  #entries = new Int32Array(256 * ENTRY_SIZE);
  #base = 0;
  #count = 0;
  #set: Set<string> | undefined = undefined;
  /** A filter of 64 bits, by digest: a key whose bit is not set is new, without looking. */
  #seenLow = 0;
  #seenHigh = 0;
  readonly #outer: Level[] = [];
  #depth = 0;

  open(): void {
    let level = this.#outer[this.#depth];
    if (level === undefined) {
      level = { base: 0, count: 0, set: undefined, seenLow: 0, seenHigh: 0 };
      this.#outer.push(level);
    }
    level.base = this.#base;
    level.count = this.#count;
    level.set = this.#set;
    level.seenLow = this.#seenLow;
    level.seenHigh = this.#seenHigh;
    this.#depth += 1;
    this.#begin(this.#base + this.#count);
  }

  close(): void {
    this.#depth -= 1;
    const level = this.#outer[this.#depth] as Level;
    this.#base = level.base;
    this.#count = level.count;
    this.#set = level.set;
    this.#seenLow = level.seenLow;
    this.#seenHigh = level.seenHigh;
    level.set = undefined;
  }

  /** Forgets everything, also what an error left open. */
  reset(): void {
    this.#depth = 0;
    this.#begin(0);
  }

  #begin(base: number): void {
    this.#base = base;
    this.#count = 0;
    this.#set = undefined;
    this.#seenLow = 0;
    this.#seenHigh = 0;
  }

  /** Sets the bit of a digest; true when it was not set. */
  #isFirst(digest: number): boolean {
    const bit = 1 << digest;
    if ((digest & 32) === 0) {
      const first = (this.#seenLow & bit) === 0;
      this.#seenLow |= bit;
      return first;
    }
    const first = (this.#seenHigh & bit) === 0;
    this.#seenHigh |= bit;
    return first;
  }

  /** Adds a number; false when it is there already. */
  addNumber(low: number, high: number): boolean {
    if (this.#count >= LINEAR_KEYS) return this.#addText(`${low},${high}`, undefined);
    const digest = low ^ Math.imul(high, 31);
    if (!this.#isFirst(digest) && this.#hasNumber(low, high)) return false;
    this.#push(low, high, digest);
    return true;
  }

  #hasNumber(low: number, high: number): boolean {
    const entries = this.#entries;
    const end = (this.#base + this.#count) * ENTRY_SIZE;
    for (let index = this.#base * ENTRY_SIZE; index < end; index += ENTRY_SIZE) {
      if (entries[index] === low && entries[index + 1] === high) return true;
    }
    return false;
  }

  /** Adds `bytes[start..start + length)`, which must not change while the list is open; false when it is there already. */
  addBytes(bytes: Buffer, start: number, length: number): boolean {
    if (this.#count >= LINEAR_KEYS)
      return this.#addText(bytes.toString('latin1', start, start + length), bytes);
    const digest = digestOf(bytes, start, length);
    if (!this.#isFirst(digest) && this.#hasBytes(bytes, start, length, digest)) return false;
    this.#push(start, length, digest);
    return true;
  }

  #hasBytes(bytes: Buffer, start: number, length: number, digest: number): boolean {
    const entries = this.#entries;
    const end = (this.#base + this.#count) * ENTRY_SIZE;
    for (let index = this.#base * ENTRY_SIZE; index < end; index += ENTRY_SIZE) {
      if (entries[index + 2] !== digest || entries[index + 1] !== length) continue;
      if (same(bytes, entries[index] as number, start, length)) return true;
    }
    return false;
  }

  #push(first: number, second: number, digest: number): void {
    const at = (this.#base + this.#count) * ENTRY_SIZE;
    if (at + ENTRY_SIZE > this.#entries.length) {
      const grown = new Int32Array(this.#entries.length * 2);
      grown.set(this.#entries);
      this.#entries = grown;
    }
    this.#entries[at] = first;
    this.#entries[at + 1] = second;
    this.#entries[at + 2] = digest;
    this.#count += 1;
  }

  #addText(text: string, bytes: Buffer | undefined): boolean {
    let set = this.#set;
    if (set === undefined) {
      set = new Set();
      this.#set = set;
      for (let index = this.#base; index < this.#base + this.#count; index += 1) {
        const first = this.#entries[index * ENTRY_SIZE] as number;
        const second = this.#entries[index * ENTRY_SIZE + 1] as number;
        set.add(bytes === undefined ? `${first},${second}` : bytes.toString('latin1', first, first + second));
      }
    }
    if (set.has(text)) return false;
    set.add(text);
    return true;
  }
}

function same(bytes: Uint8Array, left: number, right: number, length: number): boolean {
  for (let index = 0; index < length; index += 1) {
    if (bytes[left + index] !== bytes[right + index]) return false;
  }
  return true;
}
