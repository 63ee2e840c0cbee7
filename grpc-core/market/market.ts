import { createHash } from 'node:crypto';
import { status } from '@grpc/grpc-js';
import { Bell, CoreError } from '../base/index.js';

/** A symbol's price at one tick; the same for everybody who asks. */
export interface Quote {
  readonly symbol: string;
  readonly price: number;
  /** Difference to the price at the tick before. */
  readonly change: number;
  /** Pieces traded since the market opened. */
  readonly volume: number;
  readonly epochMs: number;
}

export interface MarketOptions {
  /** Epoch milliseconds. Default: the clock. */
  readonly now?: () => number;
  /** In [0, 1). Default: Math.random. */
  readonly random?: () => number;
  /** Symbols listed from the start. Default: some well-known ones. */
  readonly listed?: readonly string[];
  /** Listing more fails with RESOURCE_EXHAUSTED. Default 10 000, since each is worked on at every tick. */
  readonly maxSymbols?: number;
}

/** The largest step of a price at a tick, as a part of it. */
export const MAX_STEP = 0.05;
/** Most steps are much smaller: their usual size. */
const USUAL_STEP = 0.01;
const wellKnown = ['AAPL', 'AMZN', 'GOOGL', 'META', 'MSFT', 'NFLX', 'NVDA', 'TSLA'];

/** One market that everybody shares. Time passes only through `tick`, which whoever owns the market calls. */
export class Market {
  readonly #quotes = new Map<string, Quote>();
  readonly #bell = new Bell();
  readonly #now: () => number;
  readonly #random: () => number;
  readonly #maxSymbols: number;
  #ticks = 0;

  constructor(options: MarketOptions = {}) {
    this.#now = options.now ?? Date.now;
    this.#random = options.random ?? Math.random;
    this.#maxSymbols = options.maxSymbols ?? 10_000;
    for (const symbol of options.listed ?? wellKnown) this.list(symbol);
  }

  /** How many ticks have passed. */
  get ticks(): number {
    return this.#ticks;
  }

  /** How many wait for the next tick. */
  get waiting(): number {
    return this.#bell.waiting;
  }

  /** The symbol's latest quote; `undefined` when it is not listed. */
  quote(symbol: string): Quote | undefined {
    return this.#quotes.get(symbol);
  }

  /** The symbol's latest quote; lists it first if nobody has. RESOURCE_EXHAUSTED when the list is full. */
  list(symbol: string): Quote {
    const known = this.#quotes.get(symbol);
    if (known !== undefined) return known;
    if (this.#quotes.size >= this.#maxSymbols) {
      throw new CoreError(
        status.RESOURCE_EXHAUSTED,
        `symbols: the market lists ${this.#maxSymbols} symbols, no more`,
      );
    }
    const quote: Quote = { symbol, price: firstPrice(symbol), change: 0, volume: 0, epochMs: this.#now() };
    this.#quotes.set(symbol, quote);
    return quote;
  }

  /** Moves every price by one step and wakes those who wait. */
  tick(): void {
    this.#ticks += 1;
    const epochMs = this.#now();
    for (const quote of this.#quotes.values()) {
      this.#quotes.set(quote.symbol, { ...this.#step(quote), epochMs });
    }
    this.#bell.ring();
  }

  /** Resolves at the next tick, or when `signal` aborts. */
  nextTick(signal: AbortSignal): Promise<void> {
    return this.#bell.wait(signal);
  }

  #step(quote: Quote): Quote {
    // Twelve uniform numbers less six are close to a normal distribution; the bound keeps its rare tails away.
    let deviation = -6;
    for (let i = 0; i < 12; i += 1) deviation += this.#random();
    const bound = MAX_STEP * 0.99;
    const step = Math.max(-bound, Math.min(bound, deviation * USUAL_STEP));
    // A floor, or a long fall would end at a price that rounds to nothing.
    const price = Math.max(1, roundToCents(quote.price * (1 + step)));
    const traded = 1 + Math.floor(this.#random() * 1000);
    return { ...quote, price, change: roundToCents(price - quote.price), volume: quote.volume + traded };
  }
}

function roundToCents(value: number): number {
  return Math.round(value * 100) / 100;
}

/** Between 50 and 550, the same for a symbol at every start. */
function firstPrice(symbol: string): number {
  const hash = createHash('sha256').update(symbol).digest();
  return 50 + (hash.readUInt32BE(0) % 50_000) / 100;
}
