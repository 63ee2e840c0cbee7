import type { HandedRequest } from './hand-over.js';

/** Of all requests that are kept for others. More is refused, and another gateway is asked. */
const MOST_BYTES = 16 * 1024 * 1024;
/** What one costs besides its text. */
const EACH_BYTES = 256;

/** A request that is kept for the gateway that leads its call; without one, only that there is a call. */
export interface KeptRequest {
  readonly leader: string;
  readonly request: HandedRequest | undefined;
  readonly bytes: number;
}

/** Requests that this gateway keeps for others, in memory, within bounds. */
export class KeptRequests {
  readonly #byEpoch = new Map<string, KeptRequest>();
  #bytes = 0;

  get leaders(): Set<string> {
    return new Set([...this.#byEpoch.values()].map(({ leader }) => leader));
  }

  /** False where there is no room for it: what was kept of it before stays. */
  keep(epoch: string, leader: string, request: HandedRequest | undefined, textBytes: number): boolean {
    const bytes = 2 * textBytes + EACH_BYTES;
    const before = this.#byEpoch.get(epoch)?.bytes ?? 0;
    if (this.#bytes - before + bytes > MOST_BYTES) return false;
    this.forget(epoch);
    this.#byEpoch.set(epoch, { leader, request, bytes });
    this.#bytes += bytes;
    return true;
  }

  /** Another gateway leads it now. */
  follow(epoch: string, leader: string): void {
    const kept = this.#byEpoch.get(epoch);
    if (kept !== undefined) this.#byEpoch.set(epoch, { ...kept, leader });
  }

  forget(epoch: string): void {
    this.#bytes -= this.#byEpoch.get(epoch)?.bytes ?? 0;
    this.#byEpoch.delete(epoch);
  }

  /** Those whose leaders do not live. */
  of(lives: (leader: string) => boolean): [string, KeptRequest][] {
    return [...this.#byEpoch].filter(([, { leader }]) => !lives(leader));
  }
}
