import { atEndOfTurn } from './end-of-turn.js';
import type { Batch } from './transport.js';

/**
 * What a message costs beside its bytes, roughly: the view object and its place in the list. Counted, so that
 * empty messages are bounded too.
 */
export const MESSAGE_OVERHEAD_BYTES = 96;

/**
 * Messages on their way from an emitter to the one reader of a call. Everything that comes in one turn of the
 * event loop is one batch: a waiting reader is woken at the end of the turn, once, and no message has a
 * promise, a tick or a closure of its own.
 */
export class ReceivedMessages {
  #messages: Uint8Array[] = [];
  #bytes = 0;
  #ended = false;
  #wake: ((batch: Batch | undefined) => void) | undefined;
  #scheduled = false;
  readonly #onTaken: () => void;
  readonly #endOfTurn = (): void => {
    this.#scheduled = false;
    this.#settle();
  };

  /** `onTaken` is called each time the reader has taken what was held. */
  constructor(onTaken: () => void) {
    this.#onTaken = onTaken;
  }

  /** What is held, in bytes, overhead included. */
  get bytes(): number {
    return this.#bytes;
  }

  get isEmpty(): boolean {
    return this.#messages.length === 0;
  }

  /** Whether the reader waits, and so takes what comes at the end of the turn. */
  get isAwaited(): boolean {
    return this.#wake !== undefined;
  }

  push(message: Uint8Array): void {
    if (this.#ended) return;
    this.#messages.push(message);
    this.#bytes += message.length + MESSAGE_OVERHEAD_BYTES;
    if (this.#wake !== undefined && !this.#scheduled) {
      this.#scheduled = true;
      atEndOfTurn(this.#endOfTurn);
    }
  }

  /**
   * Hands what is held to the reader if it waits, before the end of the turn: for when there is enough of it. False
   * when nobody waits.
   */
  deliver(): boolean {
    if (this.#wake === undefined || this.#messages.length === 0) return false;
    this.#settle();
    return true;
  }

  /** Nothing more will come; what is held can still be read. */
  end(): void {
    this.#ended = true;
    this.#settle();
  }

  /** Drops what is held and ends. True when something was dropped. */
  drop(): boolean {
    const dropped = this.#messages.length > 0;
    this.#messages = [];
    this.#bytes = 0;
    this.end();
    return dropped;
  }

  /** Everything held, or the next to come; `undefined` after the end. One at a time. */
  read(): Promise<Batch | undefined> {
    if (this.#messages.length > 0) return Promise.resolve(this.#take());
    if (this.#ended) return Promise.resolve(undefined);
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }

  #settle(): void {
    const wake = this.#wake;
    if (wake === undefined) return;
    if (this.#messages.length > 0) {
      this.#wake = undefined;
      wake(this.#take());
    } else if (this.#ended) {
      this.#wake = undefined;
      wake(undefined);
    }
  }

  #take(): Batch {
    const batch = this.#messages;
    this.#messages = [];
    this.#bytes = 0;
    this.#onTaken();
    return batch;
  }
}
