import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import type { Address, Endpoint } from './address.js';

/** Finds the IP addresses of a name. Rejects when there are none. */
export type Lookup = (host: string) => Promise<readonly string[]>;

/** As the system resolves it: /etc/hosts, search domains and all. */
export const systemLookup: Lookup = async (host) =>
  (await lookup(host, { all: true, verbatim: true })).map(({ address }) => address);

export interface ResolverOptions {
  readonly address: Address;
  readonly lookup: Lookup;
  /** Time between lookups, in milliseconds: DNS has no event for a further address of a name. */
  readonly intervalMs: number;
  readonly onEndpoints: (endpoints: readonly Endpoint[]) => void;
  /** A look that failed, and why. What was known before stays. */
  readonly onFailure: (reason: string) => void;
}

/** A lost connection asks for a look at once, but not more often than this. */
const MIN_INTERVAL_MS = 1_000;

/** Keeps the endpoints of an address up to date, by a timer and when asked. Stop it with `close`. */
export class Resolver {
  readonly #options: ResolverOptions;
  readonly #timer: NodeJS.Timeout | undefined;
  #lookedAt = Number.NEGATIVE_INFINITY;
  #looking = false;
  #closed = false;

  constructor(options: ResolverOptions) {
    this.#options = options;
    if (options.address.kind === 'name' && isIP(options.address.host) === 0) {
      this.#timer = setInterval(() => this.#look(), options.intervalMs).unref();
    }
  }

  /** Looks now, unless that has just been done. True when a look is under way. */
  refresh(): boolean {
    if (performance.now() - this.#lookedAt >= MIN_INTERVAL_MS) this.#look();
    return this.#looking;
  }

  close(): void {
    this.#closed = true;
    clearInterval(this.#timer);
  }

  #look(): void {
    const { address, onEndpoints, onFailure } = this.#options;
    if (this.#looking || this.#closed) return;
    this.#lookedAt = performance.now();
    if (address.kind === 'endpoints') {
      onEndpoints(address.endpoints);
      return;
    }
    if (isIP(address.host) !== 0) {
      onEndpoints([address]);
      return;
    }
    this.#looking = true;
    this.#options.lookup(address.host).then(
      (hosts) => {
        this.#looking = false;
        if (this.#closed) return;
        if (hosts.length > 0) onEndpoints(hosts.map((host) => ({ host, port: address.port })));
        else onFailure(`${address.host} has no address`);
      },
      (reason: unknown) => {
        this.#looking = false;
        if (!this.#closed) onFailure(reason instanceof Error ? reason.message : String(reason));
      },
    );
  }
}
