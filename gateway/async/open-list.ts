/** What an `OpenList` holds. It is in one such list at most. */
export interface Listed {
  /** Where it stands; -1 while it is in no list. The list alone writes it. */
  listedAt: number;
}

/**
 * Those that are open now, in no order: for what comes and goes with every call. Not a `Set` or `Map`: when one of those has grown old, each table
 * that it leaves behind points to the next, so a collection of young objects takes all of them, and every call that was ever in one, for
 * alive. A third of all that a call allocates then stays until the next full collection.
 */
export class OpenList<Item extends Listed> {
  readonly #items: Item[] = [];

  get size(): number {
    return this.#items.length;
  }

  /** Adds one that is in no list; one that is in this one stays. */
  add(item: Item): void {
    if (item.listedAt >= 0) return;
    item.listedAt = this.#items.length;
    this.#items.push(item);
  }

  /** Takes one out, if it is in. */
  delete(item: Item): void {
    const at = item.listedAt;
    if (at < 0) return;
    item.listedAt = -1;
    const last = this.#items.pop() as Item;
    if (last === item) return;
    this.#items[at] = last;
    last.listedAt = at;
  }

  /** Those that are in it now; they may go, and others come, while this is walked. */
  all(): Item[] {
    return this.#items.slice();
  }
}
