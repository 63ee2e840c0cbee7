/**
 * How far a member has been served in a log, and when it is served out: after `finish`, once everything it had sent has been
 * delivered to it. `signal` then aborts, as it does when the stream ends.
 */
export class Progress {
  readonly #controller = new AbortController();
  #sent = 0;
  #delivered: number;
  #owed = 0;
  #finishing = false;

  /** Everything up to the sequence number `delivered` counts as delivered. */
  constructor(delivered: number, stream: AbortSignal) {
    this.#delivered = delivered;
    if (stream.aborted) this.#controller.abort();
    stream.addEventListener('abort', () => this.#controller.abort(), { once: true, signal: this.signal });
  }

  /** Ends the following of the log. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** The member's own entry has that number. */
  sent(sequence: number): void {
    this.#sent = Math.max(this.#sent, sequence);
  }

  /** The reader has taken everything up to that number and asks for more. */
  delivered(sequence: number): void {
    this.#delivered = Math.max(this.#delivered, sequence);
    this.#endIfServed();
  }

  /** Something that is not in the log has to reach the member, too. */
  owe(): void {
    this.#owed++;
  }

  /** The reader has taken what was owed and asks for more. */
  paid(): void {
    this.#owed--;
    this.#endIfServed();
  }

  /** The member sends nothing more. */
  finish(): void {
    this.#finishing = true;
    this.#endIfServed();
  }

  #endIfServed(): void {
    if (this.#finishing && this.#owed === 0 && this.#delivered >= this.#sent) this.#controller.abort();
  }
}
