/** What `LargestFirst` holds. It is in one such heap at most. */
export interface Sized {
  bytes: number;
  /** Where it stands. The heap alone writes it. */
  heapedAt: number;
}

/** Who holds most, of those whose sizes change all the time: a heap in which everybody knows his place, so that each change costs the logarithm of their number at most. */
export class LargestFirst<Item extends Sized> {
  readonly #items: Item[] = [];

  /** One of those that hold most. */
  get largest(): Item | undefined {
    return this.#items[0];
  }

  /** Adds one that is in no heap. */
  add(item: Item): void {
    item.heapedAt = this.#items.length;
    this.#items.push(item);
    this.#rise(item);
  }

  /** Its size has changed. */
  changed(item: Item): void {
    this.#rise(item);
    this.#sink(item);
  }

  /** Takes one out that is in this heap. */
  delete(item: Item): void {
    const last = this.#items.pop() as Item;
    if (last === item) return;
    this.#put(last, item.heapedAt);
    this.changed(last);
  }

  #rise(item: Item): void {
    let at = item.heapedAt;
    while (at > 0) {
      const parentAt = (at - 1) >> 1;
      const parent = this.#items[parentAt] as Item;
      if (parent.bytes >= item.bytes) break;
      this.#put(parent, at);
      at = parentAt;
    }
    this.#put(item, at);
  }

  #sink(item: Item): void {
    let at = item.heapedAt;
    for (;;) {
      const [left, right] = [this.#items[2 * at + 1], this.#items[2 * at + 2]];
      const larger = right !== undefined && left !== undefined && right.bytes > left.bytes ? right : left;
      if (larger === undefined || larger.bytes <= item.bytes) break;
      const next = larger.heapedAt;
      this.#put(larger, at);
      at = next;
    }
    this.#put(item, at);
  }

  #put(item: Item, at: number): void {
    this.#items[at] = item;
    item.heapedAt = at;
  }
}
