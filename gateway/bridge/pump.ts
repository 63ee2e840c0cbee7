import { LATER, type Later, type Waker } from '../upstream/index.js';

/**
 * The one loop that moves messages, in either direction: reads only after the write before it has said that there is room. It goes on after a wait when a promise
 * settles, or within the call of who wakes it. Waiting for what is here would cost a small message more than moving it; so would waiting for room that is
 * there. What is moved is in the class that extends it, and not in functions: ten thousand streams that wait have one object each.
 */
export abstract class Pump<Messages> implements Waker {
  #resolve: ((hasEnded: boolean) => void) | undefined;
  #reject: ((reason: unknown) => void) | undefined;
  /** Made with the first wait that is a promise. */
  #onBatch: ((batch: Messages | undefined) => void) | undefined;
  #onRoom: ((isWanted: unknown) => void) | undefined;
  #onFailed: ((reason: unknown) => void) | undefined;

  /** Where messages come from: what is here, `undefined` at the end, or a wait, see `Call.next`. */
  abstract read(waker: Waker): Promise<Messages | undefined> | Messages | undefined | Later;

  /** Where they go: `false` when no more is wanted, a promise of that where there is no room, and nothing or `true` where there is. */
  abstract write(batch: Messages): Promise<unknown> | boolean | undefined;

  /** Hears of every batch before it is written. */
  abstract count(batch: Messages): void;

  /**
   * Moves all. `true` when the source has ended, `false` when the sink wants no more; without a promise when it never had to wait. Throws, or rejects with, what
   * `read` and `write` do.
   */
  run(): boolean | Promise<boolean> {
    return this.#move() ?? this.#over();
  }

  /** Moves what is here. What `run` returns, or `undefined` while it waits. */
  #move(): boolean | undefined {
    for (;;) {
      const batch = this.read(this);
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
  #over(): Promise<boolean> {
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
      const hasEnded = this.#move();
      if (hasEnded !== undefined) this.#resolve?.(hasEnded);
    } catch (reason) {
      this.#reject?.(reason);
    }
  }

  /** Whether there is room for more: `undefined` when that is to be waited for. */
  #give(batch: Messages): boolean | undefined {
    this.count(batch);
    // Not held while the write waits: the messages of a client are objects, and have been copied by then.
    const room = this.write(batch);
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
