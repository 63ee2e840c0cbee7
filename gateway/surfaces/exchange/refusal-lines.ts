import { TokenBucket } from '../../security/index.js';
import type { Reason, RpcError } from '../../status/index.js';

/** Refusals that come in floods, as many as a client likes: they share these lines of log, at once and in a second. */
const OF_LIMITS: ReadonlySet<Reason> = new Set([
  'RATE_LIMIT',
  'ADDRESS_LIMIT',
  'PRINCIPAL_LIMIT',
  'GATEWAY_LIMIT',
]);
const LINES = { burst: 100, perSecond: 10 };

/** Which refusals have a line of log. */
export class RefusalLines {
  readonly #lines = new TokenBucket(LINES.burst, LINES.perSecond);
  #unlogged = 0;

  /** Returns how many refusals have had no line since the last one that had; -1 where this one is to have none. */
  take({ reason }: RpcError): number {
    if (!OF_LIMITS.has(reason)) return 0;
    if (!this.#lines.take()) {
      this.#unlogged += 1;
      return -1;
    }
    const unlogged = this.#unlogged;
    this.#unlogged = 0;
    return unlogged;
  }
}
