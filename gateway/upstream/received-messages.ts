import { atEndOfTurn, Bell } from '../async/index.js';
import { Batch } from './batch.js';

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
  readonly #reader = new Bell<Batch | undefined>();
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
    return this.#reader.isAwaited;
  }

  push(message: Uint8Array): void {
    if (this.#ended) return;
    this.#messages.push(message);
    this.#bytes += message.length + MESSAGE_OVERHEAD_BYTES;
    if (!this.#scheduled && this.#reader.isAwaited) {
      this.#scheduled = true;
      atEndOfTurn(this.#endOfTurn);
    }
  }

  /**
   * Hands what is held to the reader if it waits, before the end of the turn: for when there is enough of it. False
   * when no reader waits.
   */
  deliver(): boolean {
    if (this.#messages.length === 0 || !this.#reader.isAwaited) return false;
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
    if (this.#messages.length > 0) {
      const batch = this.#takeAll();
      this.#onTaken();
      return Promise.resolve(batch);
    }
    if (this.#ended) return Promise.resolve(undefined);
    return this.#reader.wait();
  }

  #settle(): void {
    if (!this.#reader.isAwaited) return;
    if (this.#messages.length > 0) {
      // First: `onTaken` may end the queue, and the reader is to get its batch all the same.
      this.#reader.ring(this.#takeAll());
      this.#onTaken();
    } else if (this.#ended) this.#reader.ring(undefined);
  }

  #takeAll(): Batch {
    const batch = this.#messages;
    this.#messages = [];
    this.#bytes = 0;
    return Batch.of(batch);
  }
}
