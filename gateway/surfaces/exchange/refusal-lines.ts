import { TokenBucket } from '../../security/index.js';
import type { Reason, RpcError } from '../../status/index.js';

/** How many lines of log there are at once, and in a second. */
interface LineRate {
  readonly burst: number;
  readonly perSecond: number;
}

/** Refusals that are made to come in floods share their lines: they all say that somebody has too much. */
const OF_LIMITS: ReadonlySet<Reason> = new Set([
  'RATE_LIMIT',
  'ADDRESS_LIMIT',
  'PRINCIPAL_LIMIT',
  'GATEWAY_LIMIT',
]);
const LINES_OF_LIMITS: LineRate = { burst: 100, perSecond: 10 };

/** Every other reason has lines of its own, so that no flood of one hides another: more than anybody reads, and few enough that a client cannot fill a disk. */
const LINES_OF_A_REASON: LineRate = { burst: 1_000, perSecond: 100 };

/** Lines of one kind, and the refusals since the last one that had none. */
class Lines {
  readonly #left: TokenBucket;
  #unlogged = 0;

  constructor({ burst, perSecond }: LineRate) {
    this.#left = new TokenBucket(burst, perSecond);
  }

  take(now: number): number {
    if (!this.#left.take(now)) {
      this.#unlogged += 1;
      return -1;
    }
    const unlogged = this.#unlogged;
    this.#unlogged = 0;
    return unlogged;
  }
}

/** Which refusals have a line of log. */
export class RefusalLines {
  readonly #ofLimits = new Lines(LINES_OF_LIMITS);
  readonly #ofReasons = new Map<Reason, Lines>();

  /**
   * Returns how many refusals of its kind have had no line of log since the last one that had; -1 where this one is to have none. `now`: in milliseconds of
   * `performance`.
   */
  take({ reason }: Pick<RpcError, 'reason'>, now = performance.now()): number {
    if (OF_LIMITS.has(reason)) return this.#ofLimits.take(now);
    let lines = this.#ofReasons.get(reason);
    if (lines === undefined) {
      lines = new Lines(LINES_OF_A_REASON);
      this.#ofReasons.set(reason, lines);
    }
    return lines.take(now);
  }
}
