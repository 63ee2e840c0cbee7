/**
 * Clients that are known at the same time, in each of the two generations. Both together hold 8 MiB where clients are addresses, and 20 MiB where they are
 * principals with names of 100 characters.
 */
export const MOST_CLIENTS = 32 * 1024;

/** The longest that a client is remembered which has not come again, in milliseconds: a debt of more is forgiven. */
const MAX_PERIOD_MS = 600_000;

/** What one client has left. Below zero: it has taken more than it had. */
interface Tokens {
  left: number;
  at: number;
}

/**
 * A token bucket for each client. The memory is bounded, whatever clients come and however many: they are kept in two generations, and one that is used in
 * the older moves to the newer. When the newer has lasted for as long as an empty bucket needs to be full, or has all the clients it may, it becomes the older, whose
 * clients are forgotten with it, all at once. Who is forgotten would have a full bucket, or has not come again while more clients than that did; whoever
 * floods comes again all the time, and is not forgotten. Each step costs the same, however many clients there are.
 */
export class TokenBuckets {
  readonly #perSecond: number;
  readonly #burst: number;
  readonly #most: number;
  readonly #periodMs: number;
  #newer = new Map<string, Tokens>();
  #older = new Map<string, Tokens>();
  #begunAt = Number.NEGATIVE_INFINITY;

  /** `perSecond` tokens come, up to `burst`. `debt`: what a client may owe beyond, before it is forgotten. `most` clients in each generation. */
  constructor(perSecond: number, burst: number, { debt = 0, most = MOST_CLIENTS } = {}) {
    this.#perSecond = perSecond;
    this.#burst = burst;
    this.#most = most;
    this.#periodMs = Math.min(MAX_PERIOD_MS, ((burst + debt) / perSecond) * 1_000);
  }

  /** Clients that are remembered. */
  get size(): number {
    return this.#newer.size + this.#older.size;
  }

  /** Takes one token. 0: it was there. Otherwise none is taken, and it is the time until there is one, in milliseconds. */
  take(client: string, now = performance.now()): number {
    const tokens = this.#tokensOf(client, now);
    if (tokens.left < 1) return ((1 - tokens.left) / this.#perSecond) * 1_000;
    tokens.left -= 1;
    return 0;
  }

  /** Takes so many, whether they are there or not. */
  spend(client: string, count: number, now = performance.now()): void {
    this.#tokensOf(client, now).left -= count;
  }

  /** How long it is until the client owes nothing, in milliseconds. */
  owedMs(client: string, now = performance.now()): number {
    const { left } = this.#tokensOf(client, now);
    return left >= 0 ? 0 : (-left / this.#perSecond) * 1_000;
  }

  #tokensOf(client: string, now: number): Tokens {
    if (now - this.#begunAt >= this.#periodMs || this.#newer.size >= this.#most) this.#turn(now);
    let tokens = this.#newer.get(client);
    if (tokens === undefined) {
      tokens = this.#older.get(client);
      if (tokens === undefined) tokens = { left: this.#burst, at: now };
      else this.#older.delete(client);
      this.#newer.set(client, tokens);
    }
    tokens.left = Math.min(this.#burst, tokens.left + ((now - tokens.at) / 1_000) * this.#perSecond);
    tokens.at = now;
    return tokens;
  }

  #turn(now: number): void {
    // After a long silence nobody of either is of interest.
    this.#older = now - this.#begunAt >= 2 * this.#periodMs ? new Map() : this.#newer;
    this.#newer = new Map();
    this.#begunAt = now;
  }
}
