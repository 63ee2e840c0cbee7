/** How many of one thing each client has, by what `RequestSource.group` calls a client. An address that has none costs nothing. */
export class AddressCounts {
  readonly #counts = new Map<string, number>();
  #total = 0;

  /** What all of them have. */
  get total(): number {
    return this.#total;
  }

  /** One more would be more than `most`; 0: any number. */
  isFull(group: string, most: number): boolean {
    return most > 0 && (this.#counts.get(group) ?? 0) >= most;
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
