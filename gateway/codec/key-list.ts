/** From this many keys on a set is faster than looking through all of them. */
const LINEAR_KEYS = 16;

/**
 * The keys of one map so far, to find one that comes twice. A key is a run of bytes in a buffer, or a number of two
 * halves. Lists are nested by `open` and `close`, as maps are.
 */
export class KeyList {
  #pairs = new Int32Array(256);
  #base = 0;
  #count = 0;
  #set: Set<string> | undefined;
  readonly #outer: { base: number; count: number; set: Set<string> | undefined }[] = [];

  open(): void {
    this.#outer.push({ base: this.#base, count: this.#count, set: this.#set });
    this.#base += this.#count;
    this.#count = 0;
    this.#set = undefined;
  }

  close(): void {
    const outer = this.#outer.pop();
    this.#base = outer?.base ?? 0;
    this.#count = outer?.count ?? 0;
    this.#set = outer?.set;
  }

  /** Forgets everything, also what an error left open. */
  reset(): void {
    this.#outer.length = 0;
    this.#base = 0;
    this.#count = 0;
    this.#set = undefined;
  }

  /** Adds a number; false when it is there already. */
  addNumber(low: number, high: number): boolean {
    if (this.#set !== undefined || this.#count >= LINEAR_KEYS)
      return this.#addText(`${low},${high}`, undefined);
    const pairs = this.#pairs;
    const end = (this.#base + this.#count) * 2;
    for (let index = this.#base * 2; index < end; index += 2) {
      if (pairs[index] === low && pairs[index + 1] === high) return false;
    }
    this.#push(low, high);
    return true;
  }

  /** Adds `bytes[start..start + length)`, which must not change while the list is open; false when it is there already. */
  addBytes(bytes: Buffer, start: number, length: number): boolean {
    if (this.#set !== undefined || this.#count >= LINEAR_KEYS) {
      return this.#addText(bytes.toString('latin1', start, start + length), bytes);
    }
    const pairs = this.#pairs;
    const end = (this.#base + this.#count) * 2;
    for (let index = this.#base * 2; index < end; index += 2) {
      if (pairs[index + 1] === length && same(bytes, pairs[index] as number, start, length)) return false;
    }
    this.#push(start, length);
    return true;
  }

  #push(first: number, second: number): void {
    const at = (this.#base + this.#count) * 2;
    if (at + 2 > this.#pairs.length) {
      const grown = new Int32Array(this.#pairs.length * 2);
      grown.set(this.#pairs);
      this.#pairs = grown;
    }
    this.#pairs[at] = first;
    this.#pairs[at + 1] = second;
    this.#count += 1;
  }

  #addText(text: string, bytes: Buffer | undefined): boolean {
    let set = this.#set;
    if (set === undefined) {
      set = new Set();
      this.#set = set;
      for (let index = this.#base; index < this.#base + this.#count; index += 1) {
        const first = this.#pairs[index * 2] as number;
        const second = this.#pairs[index * 2 + 1] as number;
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
