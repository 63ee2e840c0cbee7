/** What clients' messages that wait for their services may hold in one session, in bytes. */
const MAX_HELD_BYTES = 16 * 1024 * 1024;

/** The bytes of a client's messages that wait for services, over all calls of a session. */
export class HeldBytes {
  #bytes = 0;

  get bytes(): number {
    return this.#bytes;
  }

  /** Adds bytes, and returns false instead when they do not fit beside those that are held. A message alone always does. */
  add(bytes: number): boolean {
    if (this.#bytes > 0 && this.#bytes + bytes > MAX_HELD_BYTES) return false;
    this.#bytes += bytes;
    return true;
  }

  release(bytes: number): void {
    this.#bytes -= bytes;
  }
}
