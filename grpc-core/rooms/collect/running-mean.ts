/**
 * A mean that is right after a billion values as after ten: each value moves it by its share (Welford, 1962), so no sum
 * grows and small values are not lost beside large ones. Constant memory.
 */
export class RunningMean {
  #count = 0;
  #mean = 0;

  /** A finite number. */
  add(value: number): void {
    this.#count++;
    const difference = value - this.#mean;
    // The difference of two finite numbers can overflow; their shares cannot.
    this.#mean += Number.isFinite(difference)
      ? difference / this.#count
      : value / this.#count - this.#mean / this.#count;
  }

  /** 0 when there are no values. */
  get mean(): number {
    return this.#mean;
  }
}
