import type { InFlight } from './in-flight.js';

/** What a turn counts: at least so much, because a small message costs more than its bytes, */
const LEAST_TURN_BYTES = 512;
/** and at most so much, so that one large message does not keep its call waiting for long. */
const MOST_TURN_BYTES = 64 * 1024;
/** So many times what its own turn counted others may write before a call that waits, also when they come anew without an end. */
const MOST_AHEAD = 8;

/** A call that has something to write to the socket that all calls share. */
export interface QueuedWriter {
  /** Kept by the queue, from 0: bytes. */
  place: number;
  /** Kept by the queue, from `false`. */
  isQueued: boolean;
  /** Kept by the queue, from 0: where its last turn ended, see `InFlight`. */
  wroteTo: number;
  /** Whether it could write at once. */
  readonly isReady: boolean;
  /** Writes as much as one turn allows. Returns the bytes. */
  takeTurn(): number;
}

/**
 * Who may write next: those who want to, one turn each, in the order in which they came; but who has just written much lets those go first
 * who have written less. So a call with little to say waits for what lies in the socket, not for a turn of one with much to say as well, and
 * one that may not write (no credit) does not stand in the queue.
 *
 * Each turn moves the place of its call on by what it wrote. `#now` is the place of who had the last turn, so what a call did not write while
 * it had nothing to say is not saved up; a part of every turn moves it on as well, so nobody is passed by for ever.
 */
export class WriteQueue {
  /** What bounds the calls beside each other; absent until there have been any. */
  inFlight: InFlight | undefined;
  readonly #hasRoom: () => boolean;
  /** In order of arrival; each at most once. No `Set`: see `OpenList`. */
  readonly #queue: QueuedWriter[] = [];
  #running = false;
  /** Who stands here or before has nothing to wait for but those who came earlier. */
  #now = 0;

  /** `hasRoom`: whether the socket takes another turn. */
  constructor(hasRoom: () => boolean) {
    this.#hasRoom = hasRoom;
  }

  /** Whether a turn of this call may be written now, if none stands before it. */
  hasRoomFor(call: QueuedWriter): boolean {
    return this.#hasRoom() && this.#admits(call);
  }

  /** Puts a call into the queue, unless it stands there, and lets those write for whom there is room. */
  add(call: QueuedWriter): void {
    this.#stand(call);
    this.run();
  }

  remove(call: QueuedWriter): void {
    if (!call.isQueued) return;
    call.isQueued = false;
    this.#queue.splice(this.#queue.indexOf(call), 1);
  }

  /** To be called whenever there may be room. */
  run(): void {
    // A turn may end a call, which may begin another turn.
    if (this.#running) return;
    this.#running = true;
    try {
      while (this.#hasRoom()) {
        const call = this.#next();
        if (call === undefined) return;
        this.remove(call);
        const { place } = call;
        const written = call.takeTurn();
        if (this.inFlight !== undefined) call.wroteTo = this.inFlight.position;
        const bytes = Math.min(Math.max(written, LEAST_TURN_BYTES), MOST_TURN_BYTES);
        call.place = place + bytes;
        this.#now = Math.max(this.#now + bytes / MOST_AHEAD, place);
        if (call.isReady) this.#stand(call);
      }
    } finally {
      this.#running = false;
    }
  }

  #stand(call: QueuedWriter): void {
    if (call.isQueued) return;
    call.isQueued = true;
    call.place = Math.max(call.place, this.#now);
    this.#queue.push(call);
  }

  #admits(call: QueuedWriter): boolean {
    return this.inFlight === undefined || this.inFlight.admits(call.wroteTo);
  }

  #next(): QueuedWriter | undefined {
    let next: QueuedWriter | undefined;
    for (const call of this.#queue) {
      if (!this.#admits(call)) continue;
      if (call.place <= this.#now) return call;
      if (next === undefined || call.place < next.place) next = call;
    }
    return next;
  }
}
