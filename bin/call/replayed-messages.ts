/** Messages that may be needed once more are kept up to so many bytes, or the first one: enough for what is sent before a first answer comes, or a refusal. */
const MAX_KEPT_BYTES = 1024 * 1024;

/**
 * Messages of a request that may have to be sent a second time, another way. `each` may be iterated again, from the first message on, until `settle` says that
 * nobody will, or too many bytes were taken. The source is asked for each message once.
 */
export class ReplayedMessages {
  readonly #source: AsyncIterator<Uint8Array>;
  #kept: Uint8Array[] = [];
  #keptBytes = 0;
  #isSettled = false;
  /** Messages before those that are kept. */
  #gone = 0;
  #pull: Promise<boolean> | undefined;

  constructor(source: AsyncIterable<Uint8Array>) {
    this.#source = source[Symbol.asyncIterator]();
  }

  /** Everything that was taken is still there. */
  get isWhole(): boolean {
    return this.#gone === 0;
  }

  /** The way that is being tried is the right one: nothing is kept any more. */
  settle(): void {
    this.#isSettled = true;
  }

  /** The messages from the first one on. The end of an iteration does not end the source: `close` does. */
  async *each(): AsyncGenerator<Uint8Array> {
    for (let at = 0; ; at += 1) {
      while (at - this.#gone >= this.#kept.length) {
        this.#pull ??= this.#pullOne();
        if (!(await this.#pull)) return;
      }
      const message = this.#kept[at - this.#gone] as Uint8Array;
      if (this.#isSettled || this.#isTooMuch) this.#forget(at + 1 - this.#gone);
      yield message;
    }
  }

  /** Ends the source, once it has given what it was asked for. */
  close(): void {
    void this.#source.return?.().catch(() => {});
  }

  get #isTooMuch(): boolean {
    return this.#keptBytes > MAX_KEPT_BYTES && this.#kept.length > 1;
  }

  async #pullOne(): Promise<boolean> {
    const { done, value } = await this.#source.next();
    if (done) return false;
    this.#kept.push(value);
    this.#keptBytes += value.length;
    this.#pull = undefined;
    return true;
  }

  #forget(count: number): void {
    for (const message of this.#kept.splice(0, count)) this.#keptBytes -= message.length;
    this.#gone += count;
  }
}
