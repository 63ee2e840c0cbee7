import { ANONYMOUS, type Principal, type RequestSource, TokenBuckets } from '../../security/index.js';
import { countedBy } from './counted-by.js';

/** What a client may owe before it is forgotten, in bytes: one read of each of some sockets. */
const DEBT_BYTES = 1024 * 1024;

/** How fast one client may be read from, over all its connections. */
export class ClientPace {
  readonly #buckets: TokenBuckets;
  #client: string;

  constructor(buckets: TokenBuckets, client: string) {
    this.#buckets = buckets;
    this.#client = client;
  }

  /** What is read from now on is this client's: another one than before where it is known only now who that is. What was read stays with whoever it was of. */
  follow(source: RequestSource, principal: Principal): void {
    this.#client = countedBy(source, principal);
  }

  /** So much has been read. */
  took(bytes: number): void {
    this.#buckets.spend(this.#client, bytes);
  }

  /** How long it is until more may be read, in milliseconds; 0: now. Asked again before each read, for others of the same client read as well. */
  get owedMs(): number {
    return Math.ceil(this.#buckets.owedMs(this.#client));
  }
}

/** How fast clients may be read from: a second's worth at once, and then as much in each second. Nothing is refused, the reading waits. */
export class BytePace {
  readonly #buckets: TokenBuckets | undefined;

  /** `bytesPerSecond`: of one principal, or of one address without one; 0: as fast as they can. */
  constructor(bytesPerSecond: number) {
    if (bytesPerSecond > 0)
      this.#buckets = new TokenBuckets(bytesPerSecond, bytesPerSecond, { debt: DEBT_BYTES });
  }

  /** Clients that are remembered. */
  get size(): number {
    return this.#buckets?.size ?? 0;
  }

  /** That of a client; `undefined`: as fast as it can. */
  of(source: RequestSource, principal: Principal = ANONYMOUS): ClientPace | undefined {
    return this.#buckets && new ClientPace(this.#buckets, countedBy(source, principal));
  }
}
