import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import type { Address, Target } from './target.js';

/** Finds the IP addresses of a name. Rejects when there are none. */
export type Lookup = (host: string) => Promise<readonly string[]>;

/** As the system resolves it: /etc/hosts, search domains and all. */
export const systemLookup: Lookup = async (host) =>
  (await lookup(host, { all: true, verbatim: true })).map(({ address }) => address);

export interface ResolverOptions {
  readonly target: Target;
  readonly lookup: Lookup;
  /** Time between looks. Nobody tells when a name gets a further address. */
  readonly intervalMs: number;
  readonly onAddresses: (addresses: readonly Address[]) => void;
  /** A look that failed, and why. What was known before stays. */
  readonly onFailure: (reason: string) => void;
}

/** A lost connection asks for a look at once, but not more often than this. */
const leastIntervalMs = 1_000;

/** Keeps the addresses of a target up to date, by a timer and when asked. Stop it with `close`. */
export class Resolver {
  readonly #options: ResolverOptions;
  readonly #timer: NodeJS.Timeout | undefined;
  #lookedAt = Number.NEGATIVE_INFINITY;
  #looking = false;
  #closed = false;

  constructor(options: ResolverOptions) {
    this.#options = options;
    if (options.target.kind === 'name' && isIP(options.target.host) === 0) {
      this.#timer = setInterval(() => this.#look(), options.intervalMs).unref();
    }
  }

  /** Looks now, unless that has just been done. True when a look is under way. */
  refresh(): boolean {
    if (performance.now() - this.#lookedAt >= leastIntervalMs) this.#look();
    return this.#looking;
  }

  close(): void {
    this.#closed = true;
    clearInterval(this.#timer);
  }

  #look(): void {
    const { target, onAddresses, onFailure } = this.#options;
    if (this.#looking || this.#closed) return;
    this.#lookedAt = performance.now();
    if (target.kind === 'addresses') {
      onAddresses(target.addresses);
      return;
    }
    if (isIP(target.host) !== 0) {
      onAddresses([target]);
      return;
    }
    this.#looking = true;
    this.#options.lookup(target.host).then(
      (hosts) => {
        this.#looking = false;
        if (this.#closed) return;
        if (hosts.length > 0) onAddresses(hosts.map((host) => ({ host, port: target.port })));
        else onFailure(`${target.host} has no address`);
      },
      (reason: unknown) => {
        this.#looking = false;
        if (!this.#closed) onFailure(reason instanceof Error ? reason.message : String(reason));
      },
    );
  }
}
