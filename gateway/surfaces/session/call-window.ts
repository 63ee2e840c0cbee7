/** What a call's granted messages may hold together, in bytes, if they are as large as those before them. */
const CALL_BYTES = 256 * 1024;
/** How large messages are thought to be before the first has come, in bytes. */
const FIRST_ESTIMATE_BYTES = 16 * 1024;
/** More does not help: a client that is granted again at the half never waits for longer than a round trip. */
const MAX_MESSAGES = 64;
/** How fast the estimate follows smaller messages; larger ones count at once. */
const DECAY = 1 / 8;

/**
 * How many messages a client may send in a call: so many that what they hold stays within a budget of bytes, by the size of those that
 * have come. Granted anew when at least half of them have been consumed, so that grants are few.
 */
export class CallWindow {
  readonly #stream: boolean;
  #estimateBytes = FIRST_ESTIMATE_BYTES;
  /** Messages that the client may still send. */
  #granted: number;
  /** Messages that came and are not consumed yet. */
  #held = 0;

  /** `stream`: the method takes more than one message. */
  constructor(stream: boolean) {
    this.#stream = stream;
    this.#granted = stream ? this.#target : 1;
  }

  /** What the client may send at this moment. */
  get granted(): number {
    return this.#granted;
  }

  /** A message of so many bytes has come. Returns false when there was no credit for it. */
  take(bytes: number): boolean {
    if (this.#granted === 0) return false;
    this.#granted -= 1;
    this.#held += 1;
    const more = bytes - this.#estimateBytes;
    this.#estimateBytes += more > 0 ? more : more * DECAY;
    return true;
  }

  /** The service has taken so many messages. Returns how many more to grant now, 0 for none. */
  consume(messages: number): number {
    this.#held -= messages;
    if (!this.#stream) return 0;
    const target = this.#target;
    const open = this.#granted + this.#held;
    if (open > target / 2) return 0;
    this.#granted += target - open;
    return target - open;
  }

  get #target(): number {
    const fitting = Math.floor(CALL_BYTES / Math.max(this.#estimateBytes, 1));
    return Math.min(Math.max(fitting, 1), MAX_MESSAGES);
  }
}
