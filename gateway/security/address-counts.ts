/** So many addresses may be kept that have none, and as many as have some. */
const MOST_EMPTY = 64;

/** How many of one thing each client has, by what `RequestSource.group` calls a client. */
export class AddressCounts {
  // Who has none any more stays for a while: most come again with the next call, and see `OpenList` for what leaves a `Map`.
  #counts = new Map<string, number>();
  #empty = 0;
  #total = 0;

  /** What all of them have. */
  get total(): number {
    return this.#total;
  }

  /** What this one has. */
  of(group: string): number {
    return this.#counts.get(group) ?? 0;
  }

  /** One more would be more than `most`; 0: any number. */
  isFull(group: string, most: number): boolean {
    return most > 0 && this.of(group) >= most;
  }

  add(group: string, count = 1): void {
    if (count === 0) return;
    const before = this.#counts.get(group);
    if (before === 0) this.#empty -= 1;
    this.#counts.set(group, (before ?? 0) + count);
    this.#total += count;
  }

  /** Takes back what `add` has added, or a part of it. */
  remove(group: string, count = 1): void {
    if (count === 0) return;
    const left = this.of(group) - count;
    this.#counts.set(group, left);
    this.#total -= count;
    if (left > 0) return;
    this.#empty += 1;
    if (this.#empty <= MOST_EMPTY || 2 * this.#empty <= this.#counts.size) return;
    // A new one: what the old one has left behind goes with it.
    this.#counts = new Map([...this.#counts].filter(([, of]) => of > 0));
    this.#empty = 0;
  }
}
