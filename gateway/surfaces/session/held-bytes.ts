import { AddressCounts } from '../../security/index.js';

/** What clients' messages that wait for their services may hold in one session, in bytes. */
const MAX_HELD_BYTES = 16 * 1024 * 1024;

/** The same in all sessions together, and in those of one address: a service that stalls must not let one client fill what all have. */
const MAX_ALL_BYTES = 256 * 1024 * 1024;
const MAX_ADDRESS_BYTES = MAX_ALL_BYTES / 4;

/** The bytes of clients' messages that wait for services, over all sessions of a gateway. */
export class AllHeldBytes {
  readonly #bytes = new AddressCounts();

  get bytes(): number {
    return this.#bytes.total;
  }

  /** As `HeldBytes.add`, for a session of this address: an address that holds nothing may have one message. */
  add(group: string, bytes: number): boolean {
    const held = this.#bytes.of(group);
    const isOver = held + bytes > MAX_ADDRESS_BYTES || this.bytes + bytes > MAX_ALL_BYTES;
    if (held > 0 && isOver) return false;
    this.#bytes.add(group, bytes);
    return true;
  }

  release(group: string, bytes: number): void {
    this.#bytes.remove(group, bytes);
  }
}

/** The bytes of a client's messages that wait for services, over all calls of a session. */
export class HeldBytes {
  readonly #all: AllHeldBytes;
  readonly #group: string;
  #bytes = 0;

  /** `group`: whose session it is. */
  constructor(all: AllHeldBytes, group: string) {
    this.#all = all;
    this.#group = group;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Adds bytes, and returns false instead when they do not fit beside those that are held. A message alone fits into its session. */
  add(bytes: number): boolean {
    if (this.#bytes > 0 && this.#bytes + bytes > MAX_HELD_BYTES) return false;
    if (!this.#all.add(this.#group, bytes)) return false;
    this.#bytes += bytes;
    return true;
  }

  release(bytes: number): void {
    this.#bytes -= bytes;
    this.#all.release(this.#group, bytes);
  }
}
