import { addressGroup, TokenBucket, TokenBuckets } from '../security/index.js';
import type { Reason } from '../status/index.js';

/** Lines of refusals that one address has at once, and in a second: whoever floods from one hides nobody else's. */
const OF_AN_ADDRESS = { burst: 200, perSecond: 20, most: 1_024 } as const;

/** The same of one reason, whoever is refused: as many as `request refused` has. */
const OF_A_REASON = { burst: 1_000, perSecond: 100 } as const;

/** Lines of one reason, and how many refusals have had none since somebody was told. */
interface Lines {
  readonly left: TokenBucket;
  untold: number;
}

/**
 * Which refusals of an audit have a line: nobody fills a disk by being refused, and how many had none is known until it is told. It holds at most 512 KiB,
 * whoever comes.
 */
export class AccessLines {
  readonly #ofAddresses = new TokenBuckets(OF_AN_ADDRESS.perSecond, OF_AN_ADDRESS.burst, OF_AN_ADDRESS);
  readonly #ofReasons = new Map<Reason, Lines>();

  /**
   * Returns how many refusals for this reason have had no line since that was told last; -1 where this one is to have none. `now`: in milliseconds of
   * `performance`.
   */
  take(reason: Reason, peer: string, now = performance.now()): number {
    let lines = this.#ofReasons.get(reason);
    if (lines === undefined) {
      lines = { left: new TokenBucket(OF_A_REASON.burst, OF_A_REASON.perSecond), untold: 0 };
      this.#ofReasons.set(reason, lines);
    }
    if (this.#ofAddresses.take(addressGroup(peer), now) > 0 || !lines.left.take(now)) {
      lines.untold += 1;
      return -1;
    }
    const { untold } = lines;
    lines.untold = 0;
    return untold;
  }

  /** Those that have had no line, by reason; they count as told from now on. */
  *tell(): Iterable<readonly [Reason, count: number]> {
    for (const [reason, lines] of this.#ofReasons) {
      const { untold } = lines;
      lines.untold = 0;
      if (untold > 0) yield [reason, untold];
    }
  }
}
