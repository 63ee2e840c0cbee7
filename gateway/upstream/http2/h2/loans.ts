/** Something that lies in the memory into which a socket reads. */
export interface Loan {
  /** The next read is near: what is still needed is copied. It may have been given up already. */
  keep(): void;
}

/**
 * What lies in the memory into which a socket reads, until all that the read has set off has run: then it is copied, or of no more
 * use. Node runs ticks and promises to their end before the next read.
 */
export class Loans {
  #loans: Loan[] = [];
  #isScheduled = false;

  add(loan: Loan): void {
    this.#loans.push(loan);
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    // A tick comes after the promises that are settled by now, and those that they settle.
    queueMicrotask(this.#afterPromises);
  }

  readonly #afterPromises = (): void => {
    process.nextTick(this.#end);
  };

  readonly #end = (): void => {
    this.#isScheduled = false;
    const loans = this.#loans;
    for (const loan of loans) loan.keep();
    // As in `StreamFrames`.
    while (loans.length > 0) loans.pop();
  };
}
