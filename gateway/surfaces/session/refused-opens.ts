import { TokenBucket } from '../../security/index.js';
import type { RpcError } from '../../status/index.js';

/** Calls of one session that end because they are too many in a second, before the session itself is what is too much. */
const REFUSALS = { burst: 500, perSecond: 50 };

/** What the client of a session opens although it has been told that it opens too much. */
export class RefusedOpens {
  readonly #left = new TokenBucket(REFUSALS.burst, REFUSALS.perSecond);

  /** One more is refused. False: the client does not listen to refusals, it would get them for ever, and each costs us something. */
  mayGoOn({ reason }: RpcError): boolean {
    return reason !== 'RATE_LIMIT' || this.#left.take();
  }
}
