import type { Writable } from 'node:stream';

/** What writes answers: no faster than they are read. */
export class TextOutput {
  readonly #stream: Writable;
  #isLost = false;
  /** Resolves when nothing reads what is written any more, as behind `| head -1`; never if something reads it to the end. */
  readonly lost: Promise<void>;

  constructor(stream: Writable) {
    this.#stream = stream;
    this.lost = new Promise((resolve) => {
      const lose = () => {
        this.#isLost = true;
        resolve();
      };
      stream.on('error', lose);
      stream.on('close', lose);
    });
  }

  /** Nothing reads it any more. */
  get isLost(): boolean {
    return this.#isLost;
  }

  /** Resolves when there is room for more. `false`: nothing reads it any more. */
  async write(bytes: Uint8Array | string): Promise<boolean> {
    if (this.#isLost) return false;
    if (!this.#stream.write(bytes)) await Promise.race([this.#drained(), this.lost]);
    return !this.#isLost;
  }

  /** Resolves when all that was written has left the process, or nothing reads it any more. */
  async flush(): Promise<void> {
    if (this.#isLost) return;
    await Promise.race([new Promise<void>((resolve) => this.#stream.write('', () => resolve())), this.lost]);
  }

  async #drained(): Promise<void> {
    await new Promise<void>((resolve) => this.#stream.once('drain', resolve));
  }
}
