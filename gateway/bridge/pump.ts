import { LATER, type Later, type SendBatch, type Waker } from '../upstream/index.js';

/** Where messages come from: what is here, `undefined` at the end, or a wait, see `Call.next`. */
export type ReadMessages<Messages> = (
  waker: Waker,
) => Promise<Messages | undefined> | Messages | undefined | Later;

/** Where they go: `false` when no more is wanted, a promise of that where there is no room, and nothing or `true` where there is. */
export type WriteMessages<Messages> = (batch: Messages) => Promise<unknown> | boolean | undefined;

/**
 * The one loop that moves messages: reads only after the write before it has said that there is room. `true` when the source has ended,
 * `false` when the sink wants no more; without a promise when it never had to wait. Throws, or rejects with, what `read` and `write` do. `count` hears of
 * every batch.
 */
export function pump<Messages>(
  read: ReadMessages<Messages>,
  write: WriteMessages<Messages>,
  count: (batch: Messages) => void,
): boolean | Promise<boolean> {
  const running = new Pump(read, write, count);
  return running.move() ?? running.over();
}

/**
 * Such a loop, which goes on after a wait when a promise settles, or within the call of who wakes it. Waiting for what is here would cost a small message more than
 * moving it; so would waiting for room that is there.
 */
class Pump<Messages> implements Waker {
  readonly #read: ReadMessages<Messages>;
  readonly #write: WriteMessages<Messages>;
  readonly #count: (batch: Messages) => void;
  #resolve: ((hasEnded: boolean) => void) | undefined;
  #reject: ((reason: unknown) => void) | undefined;
  /** Made with the first wait that is a promise. */
  #onBatch: ((batch: Messages | undefined) => void) | undefined;
  #onRoom: ((isWanted: unknown) => void) | undefined;
  #onFailed: ((reason: unknown) => void) | undefined;

  constructor(
    read: ReadMessages<Messages>,
    write: WriteMessages<Messages>,
    count: (batch: Messages) => void,
  ) {
    this.#read = read;
    this.#write = write;
    this.#count = count;
  }

  /** Moves what is here. What `pump` returns, or `undefined` while it waits. */
  move(): boolean | undefined {
    for (;;) {
      const batch = this.#read(this);
      if (batch === LATER) return undefined;
      if (batch instanceof Promise) {
        batch.then(this.#batchListener(), this.#failureListener());
        return undefined;
      }
      if (batch === undefined) return true;
      const room = this.#give(batch);
      if (room !== true) return room;
    }
  }

  /** For one that waits. */
  over(): Promise<boolean> {
    return new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  wake(room?: Promise<unknown>): void {
    if (room !== undefined) {
      this.#waitFor(room);
      return;
    }
    try {
      const hasEnded = this.move();
      if (hasEnded !== undefined) this.#resolve?.(hasEnded);
    } catch (reason) {
      this.#reject?.(reason);
    }
  }

  /** Whether there is room for more: `undefined` when that is to be waited for. */
  #give(batch: Messages): boolean | undefined {
    this.#count(batch);
    // Not held while the write waits: the messages of a client are objects, and have been copied by then.
    const room = this.#write(batch);
    if (!(room instanceof Promise)) return room !== false;
    this.#waitFor(room);
    return undefined;
  }

  #waitFor(room: Promise<unknown>): void {
    room.then(this.#roomListener(), this.#failureListener());
  }

  // Each is a constant before it is kept, or V8 makes it among its old objects; see `scripts/check-closures.mjs`.

  #batchListener(): (batch: Messages | undefined) => void {
    if (this.#onBatch !== undefined) return this.#onBatch;
    const onBatch = (batch: Messages | undefined) => this.#took(batch);
    this.#onBatch = onBatch;
    return onBatch;
  }

  #roomListener(): (isWanted: unknown) => void {
    if (this.#onRoom !== undefined) return this.#onRoom;
    const onRoom = (isWanted: unknown) => {
      if (isWanted === false) this.#resolve?.(false);
      else this.wake();
    };
    this.#onRoom = onRoom;
    return onRoom;
  }

  #failureListener(): (reason: unknown) => void {
    if (this.#onFailed !== undefined) return this.#onFailed;
    const onFailed = (reason: unknown) => this.#reject?.(reason);
    this.#onFailed = onFailed;
    return onFailed;
  }

  #took(batch: Messages | undefined): void {
    try {
      const room = batch === undefined ? undefined : this.#give(batch);
      if (batch === undefined) this.#resolve?.(true);
      else if (room === true) this.wake();
      else if (room === false) this.#resolve?.(false);
    } catch (reason) {
      this.#reject?.(reason);
    }
  }
}

/** The bytes of the messages that a client sends. */
export function bytesOf(batch: SendBatch): number {
  let bytes = 0;
  for (const message of batch) {
    if (message instanceof Uint8Array) bytes += message.byteLength;
    else for (const piece of message) bytes += piece.byteLength;
  }
  return bytes;
}
