/** What a `LineOfMessages` holds. It is in one such line at most. */
export interface InLine<Item> {
  /** Its neighbours. The line alone writes them. */
  before: Item | undefined;
  after: Item | undefined;
}

/** Those that came one after another, and go in any order: each step costs the same, where the first of an old `Set` is behind all that were deleted. */
export class LineOfMessages<Item extends InLine<Item>> {
  #first: Item | undefined;
  #last: Item | undefined;

  /** Who has been in it longest. */
  get first(): Item | undefined {
    return this.#first;
  }

  /** Who came last. */
  get last(): Item | undefined {
    return this.#last;
  }

  get isEmpty(): boolean {
    return this.#first === undefined;
  }

  /** Adds one that is in no line, behind all others. */
  add(item: Item): void {
    item.before = this.#last;
    if (this.#last === undefined) this.#first = item;
    else this.#last.after = item;
    this.#last = item;
  }

  /** Takes one out that is in this line. */
  delete(item: Item): void {
    const { before, after } = item;
    if (before === undefined) this.#first = after;
    else before.after = after;
    if (after === undefined) this.#last = before;
    else after.before = before;
    item.before = undefined;
    item.after = undefined;
  }
}
