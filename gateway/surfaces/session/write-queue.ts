/** A call that has something to write to the socket that all calls share. */
export interface QueuedWriter {
  /** Writes as much as one turn allows. Returns whether it could go on at once, with another turn. */
  takeTurn(): boolean;
}

/**
 * Who may write next: those who want to, in the order in which they came, one turn each and then to the back of the queue. So a call with
 * much to say delays another by no more than one turn, and one that may not write (no credit) does not stand in the queue.
 */
export class WriteQueue {
  readonly #hasRoom: () => boolean;
  /** In order of arrival; each at most once. */
  readonly #queue = new Set<QueuedWriter>();
  #running = false;

  /** `hasRoom`: whether the socket takes another turn. */
  constructor(hasRoom: () => boolean) {
    this.#hasRoom = hasRoom;
  }

  /** Whether the socket takes another turn now. */
  get hasRoom(): boolean {
    return this.#hasRoom();
  }

  /** Puts a call into the queue, unless it stands there, and lets those write for whom there is room. */
  add(call: QueuedWriter): void {
    this.#queue.add(call);
    this.run();
  }

  remove(call: QueuedWriter): void {
    this.#queue.delete(call);
  }

  /** To be called whenever there may be room. */
  run(): void {
    // A turn may end a call, which may begin another turn.
    if (this.#running) return;
    this.#running = true;
    try {
      while (this.#hasRoom()) {
        const [call] = this.#queue;
        if (call === undefined) return;
        this.#queue.delete(call);
        if (call.takeTurn()) this.#queue.add(call);
      }
    } finally {
      this.#running = false;
    }
  }
}
