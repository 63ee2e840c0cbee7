/**
 * What a call's granted messages may hold together, in bytes: if they are as large as those before them, and, where the client counts
 * bytes, but for one message in any case.
 */
const CALL_BYTES = 256 * 1024;
/** How large messages are thought to be before the first has come, in bytes. */
const FIRST_ESTIMATE_BYTES = 16 * 1024;
/** More does not help: a client that is granted again at the half never waits for longer than a round trip. */
const MAX_MESSAGES = 64;
/** How fast the estimate follows smaller messages; larger ones count at once. */
const DECAY = 1 / 8;

/** What a client may send beside what it was granted before; `bytes` is 0 where it does not count them. */
export interface Grant {
  readonly messages: number;
  readonly bytes: number;
}

/**
 * How many messages a client may send in a call: so many that what they hold stays within a budget of bytes, by the size of those that
 * have come; a client that counts bytes is granted the budget itself as well. Granted anew when at least half of either has been consumed,
 * so that grants are few.
 */
export class CallWindow {
  readonly #stream: boolean;
  #estimateBytes = FIRST_ESTIMATE_BYTES;
  /** Messages that the client may still send. */
  #granted: number;
  /** Messages that came and are not consumed yet. */
  #held = 0;
  /** Bytes that it may still send; negative after a message that was larger. Undefined where the client does not count them. */
  #grantedBytes: number | undefined;
  #heldBytes = 0;

  /** `stream`: the method takes more than one message. `countsBytes`: its client has credit in bytes, too. */
  constructor(stream: boolean, countsBytes: boolean) {
    this.#stream = stream;
    this.#granted = stream ? this.#target : 1;
    this.#grantedBytes = countsBytes ? CALL_BYTES : undefined;
  }

  /** What the client may send at this moment. */
  get granted(): number {
    return this.#granted;
  }

  /** What it may send in bytes; undefined where it does not count them. */
  get grantedBytes(): number | undefined {
    return this.#grantedBytes;
  }

  /**
   * A message of so many bytes has come. Returns false when there was no credit for it: in messages, because a client may count bytes
   * in another way.
   */
  take(bytes: number): boolean {
    if (this.#granted === 0) return false;
    this.#granted -= 1;
    this.#held += 1;
    this.#heldBytes += bytes;
    if (this.#grantedBytes !== undefined) this.#grantedBytes -= bytes;
    const more = bytes - this.#estimateBytes;
    this.#estimateBytes += more > 0 ? more : more * DECAY;
    return true;
  }

  /** The service has taken messages, of so many bytes together. Returns what to grant now; undefined for nothing. */
  consume(messages: number, bytes: number): Grant | undefined {
    this.#held -= messages;
    this.#heldBytes -= bytes;
    if (!this.#stream) return undefined;
    const target = this.#target;
    const more = target - this.#granted - this.#held;
    const moreBytes =
      this.#grantedBytes === undefined ? 0 : CALL_BYTES - this.#grantedBytes - this.#heldBytes;
    if (more < target / 2 && moreBytes < CALL_BYTES / 2) return undefined;
    const grant = { messages: Math.max(more, 0), bytes: Math.max(moreBytes, 0) };
    this.#granted += grant.messages;
    if (this.#grantedBytes !== undefined) this.#grantedBytes += grant.bytes;
    return grant;
  }

  get #target(): number {
    const fitting = Math.floor(CALL_BYTES / Math.max(this.#estimateBytes, 1));
    return Math.min(Math.max(fitting, 1), MAX_MESSAGES);
  }
}
