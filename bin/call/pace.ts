import { setTimeout as wait } from 'node:timers/promises';
import { UsageError } from '../options/index.js';

const RATE = /^(\d{1,6}(?:\.\d{1,3})?)\/(s|m)$/;
const UNIT_MS = { s: 1_000, m: 60_000 } as const;

/** The milliseconds between two messages of a rate such as "2/s" or "30/m". Throws `UsageError`. */
export function paceMs(text: string): number {
  const [, number, unit] = RATE.exec(text) ?? [];
  const rate = Number(number);
  if (!(rate > 0)) throw new UsageError('--slow: write it like 2/s, 0.5/s or 30/m');
  return UNIT_MS[unit as keyof typeof UNIT_MS] / rate;
}

/** Lets one message go at a time. */
export class Pace {
  readonly #everyMs: number;
  readonly #signal: AbortSignal;
  #next = 0;

  /** `everyMs`: the time between two messages. What waits is ended by `signal`. */
  constructor(everyMs: number, signal: AbortSignal) {
    this.#everyMs = everyMs;
    this.#signal = signal;
  }

  /** Resolves when the next message may go; at once when `signal` has ended the wait. */
  async turn(): Promise<void> {
    const now = performance.now();
    const at = Math.max(this.#next, now);
    this.#next = at + this.#everyMs;
    if (at > now) await wait(at - now, undefined, { signal: this.#signal }).catch(() => {});
  }
}
