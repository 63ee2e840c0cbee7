import { type Glance, type RequestSource, TokenBucket, TokenBuckets } from '../../security/index.js';

/** What one connection may show at once besides. */
const CONNECTION_BURST = 2;

/** So many connections that flood take half of what an address has for new ones: the default of `--connections-per-address`. */
const MANY_CONNECTIONS = 200;

/** What a client shows that is counted here: nobody is known by it yet. */
export type UnknownCredential = Exclude<Glance['kind'], 'known'>;

/**
 * How fast an address may show credentials that nobody is known by: each may cost the check of a signature, and nobody is to try them faster than anybody may
 * call. Good ones are given back. Bad ones from the same address hold them up as little as can be:
 *
 * - what cannot be a token, and what was refused a moment ago, is counted apart, for it costs no check;
 * - where the address has nothing left, each connection has a little of its own, out of a second share of the address, of which only so many that it floods
 *   on take half. A proxy's connections are not its clients'.
 */
export class CredentialRates {
  readonly #refused: TokenBuckets;
  readonly #unchecked: TokenBuckets;
  readonly #share: TokenBuckets;
  readonly #perConnection: number;
  readonly #ofConnections = new WeakMap<object, TokenBucket>();

  /** `perSecond`, and so many at once, for each of the three. */
  constructor(perSecond: number, burst: number) {
    this.#refused = new TokenBuckets(perSecond, burst);
    this.#unchecked = new TokenBuckets(perSecond, burst);
    this.#share = new TokenBuckets(perSecond, burst);
    this.#perConnection = perSecond / (2 * MANY_CONNECTIONS);
  }

  /** Addresses that are remembered. */
  get size(): number {
    return this.#refused.size + this.#unchecked.size + this.#share.size;
  }

  /** Takes one. 0: it may be shown. Otherwise it is the time until it may be, in milliseconds. */
  take(kind: UnknownCredential, { group, isProxied }: RequestSource, connection: object): number {
    if (kind === 'ticket') return 0;
    if (kind === 'refused') return this.#refused.take(group);
    const waitMs = this.#unchecked.take(group);
    if (waitMs === 0 || isProxied) return waitMs;
    const own = this.#ofConnection(connection);
    if (!own.take()) return waitMs;
    const shareMs = this.#share.take(group);
    if (shareMs > 0) own.giveBack();
    return shareMs;
  }

  /** It was good. Whichever paid for it, what is full stays as it is. */
  giveBack(kind: UnknownCredential, { group }: RequestSource, connection: object): void {
    if (kind !== 'unchecked') return;
    this.#unchecked.spend(group, -1);
    const own = this.#ofConnections.get(connection);
    if (own === undefined) return;
    own.giveBack();
    this.#share.spend(group, -1);
  }

  #ofConnection(connection: object): TokenBucket {
    let own = this.#ofConnections.get(connection);
    if (own === undefined) {
      own = new TokenBucket(CONNECTION_BURST, this.#perConnection);
      this.#ofConnections.set(connection, own);
    }
    return own;
  }
}
