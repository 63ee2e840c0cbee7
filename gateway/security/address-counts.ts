/** How many of one thing each client has, by what `RequestSource.group` calls a client. An address that has none costs nothing. */
export class AddressCounts {
  readonly #counts = new Map<string, number>();
  readonly #most: number;
  #total = 0;

  /** `most` 0: any number. */
  constructor(most: number) {
    this.#most = most === 0 ? Number.POSITIVE_INFINITY : most;
  }

  /** Addresses that have any. */
  get addresses(): number {
    return this.#counts.size;
  }

  /** What all of them have. */
  get total(): number {
    return this.#total;
  }

  /** One more would be too many. */
  isFull(group: string): boolean {
    return (this.#counts.get(group) ?? 0) >= this.#most;
  }

  add(group: string): void {
    this.#total += 1;
    this.#counts.set(group, (this.#counts.get(group) ?? 0) + 1);
  }

  /** Takes back one `add`. */
  remove(group: string): void {
    this.#total -= 1;
    const left = (this.#counts.get(group) ?? 0) - 1;
    if (left > 0) this.#counts.set(group, left);
    else this.#counts.delete(group);
  }
}
