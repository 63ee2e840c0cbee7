/** What a ticket stands for. */
export interface KeptTicket {
  /** Whom it names is looked up when the ticket is used, so nothing that has changed meanwhile is missed. */
  readonly token: string;
  /** The `Origin` that it was fetched with. */
  readonly origin: string | undefined;
}

/**
 * Where tickets are until they are used: in the memory of this process, or, behind the same two functions, in a store that many gateways share. It never
 * sees a ticket, only a hash.
 */
export interface TicketStore {
  /** What it keeps leaves this process: what is put into it can only be read with the ticket. Absent: it does not. */
  readonly isShared?: boolean;
  /** Keeps one for `ttlMs`. `holder`: the key of its principal. May throw, or reject: then nobody gets the ticket. */
  put(id: string, kept: KeptTicket, holder: string, ttlMs: number): void | Promise<void>;
  /** Whether `take` would give it back. Absent: that cannot be said at once. */
  has?(id: string): boolean;
  /** Takes it out, so that only one of all that ask gets it. `undefined`: it is not there, or too old. */
  take(id: string): KeptTicket | undefined | Promise<KeptTicket | undefined>;
}

/** What one principal may have, and all together: tickets, and bytes. Beyond them the oldest go. */
export const MAX_TICKETS_PER_PRINCIPAL = 100;
export const MAX_TICKETS = 10_000;
export const MAX_TICKET_BYTES = 16 * 1024 * 1024;

/** What one holds besides its token, in bytes. */
const TICKET_BYTES = 512;

interface Held extends KeptTicket {
  readonly holder: string;
  readonly until: number;
  readonly bytes: number;
}

/** Tickets of this process alone. They go when they are used, and those that are too old when the next one comes. */
export class MemoryTicketStore implements TicketStore {
  readonly #tickets = new Map<string, Held>();
  /** The ids of each principal, the oldest first. */
  readonly #ofHolders = new Map<string, Set<string>>();
  readonly #now: () => number;
  readonly #onDropped: (id: string) => void;
  #bytes = 0;

  /** `now`: milliseconds of a clock that never goes back. `onDropped` hears of those that go without being used. */
  constructor(now: () => number = () => performance.now(), onDropped: (id: string) => void = () => {}) {
    this.#now = now;
    this.#onDropped = onDropped;
  }

  get size(): number {
    return this.#tickets.size;
  }

  get bytes(): number {
    return this.#bytes;
  }

  put(id: string, { token, origin }: KeptTicket, holder: string, ttlMs: number): void {
    const now = this.#now();
    const bytes = TICKET_BYTES + 2 * (token.length + holder.length + (origin?.length ?? 0));
    this.#tickets.set(id, { token, origin, holder, until: now + ttlMs, bytes });
    this.#bytes += bytes;
    const own = this.#ofHolders.get(holder) ?? new Set();
    this.#ofHolders.set(holder, own.add(id));
    const [oldest] = own;
    if (own.size > MAX_TICKETS_PER_PRINCIPAL && oldest !== undefined) this.#giveUp(oldest);
    for (const [first, { until }] of this.#tickets) {
      const isFull = this.#tickets.size > MAX_TICKETS || this.#bytes > MAX_TICKET_BYTES;
      if (!isFull && until > now) break;
      this.#giveUp(first);
    }
  }

  has(id: string): boolean {
    const held = this.#tickets.get(id);
    return held !== undefined && held.until > this.#now();
  }

  take(id: string): KeptTicket | undefined {
    const held = this.#drop(id);
    return held !== undefined && held.until > this.#now() ? held : undefined;
  }

  #giveUp(id: string): void {
    this.#drop(id);
    this.#onDropped(id);
  }

  #drop(id: string): Held | undefined {
    const held = this.#tickets.get(id);
    if (held === undefined) return undefined;
    this.#tickets.delete(id);
    this.#bytes -= held.bytes;
    const own = this.#ofHolders.get(held.holder);
    own?.delete(id);
    if (own?.size === 0) this.#ofHolders.delete(held.holder);
    return held;
  }
}
