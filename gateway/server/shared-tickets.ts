import type { OnceBucket } from '../recording/replica/index.js';
import { type KeptTicket, MemoryTicketStore, type TicketStore } from '../security/index.js';

/** Tickets that any of the gateways with one journal redeems, and one of them once. */
export class SharedTickets implements TicketStore {
  readonly isShared = true;
  readonly #bucket: () => Promise<Pick<OnceBucket, 'put' | 'take' | 'delete'>>;
  /** Those that this gateway has given, without what they stand for: it bounds them. */
  readonly #given = new MemoryTicketStore(undefined, (id) => void this.#forget(id));

  /** `bucket`: where they are; asked for each time. */
  constructor(bucket: () => Promise<Pick<OnceBucket, 'put' | 'take' | 'delete'>>) {
    this.#bucket = bucket;
  }

  /** Rejects with UNAVAILABLE. */
  async put(id: string, { token }: KeptTicket, holder: string, ttlMs: number): Promise<void> {
    const bucket = await this.#bucket();
    await bucket.put(id, JSON.stringify({ until: Date.now() + ttlMs, token }));
    this.#given.put(id, { token: '', origin: undefined }, holder, ttlMs);
  }

  /** Rejects with UNAVAILABLE: then it may be used up. */
  async take(id: string): Promise<KeptTicket | undefined> {
    this.#given.take(id);
    const bucket = await this.#bucket();
    const text = await bucket.take(id);
    if (text === undefined) return undefined;
    const { until, token } = JSON.parse(text) as { readonly until: number; readonly token: string };
    return Date.now() < until ? { token, origin: undefined } : undefined;
  }

  /** What is not given up goes by itself, later. */
  async #forget(id: string): Promise<void> {
    try {
      await (await this.#bucket()).delete(id);
    } catch {
      // The journal is away.
    }
  }
}
