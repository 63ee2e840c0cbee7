import type { RpcError } from '../../status/index.js';
import type { Principal } from '../identity/index.js';
import type { KeySource } from './key-source.js';

/** The most tokens that are remembered, and what they may hold, in bytes. */
export const MAX_CACHED_TOKENS = 10_000;
export const MAX_CACHED_BYTES = 16 * 1024 * 1024;

/** What an entry holds besides the claims, in bytes. */
const ENTRY_BYTES = 1_024;

/** For how long a refusal is remembered, in milliseconds: one that is good later must not wait for long. */
export const REFUSAL_MS = 5_000;

interface Accepted {
  readonly principal: Principal;
  readonly keys: KeySource;
  readonly version: number;
  readonly until: number;
  readonly bytes: number;
}

interface Refused {
  readonly error: RpcError;
  readonly until: number;
}

/** Tokens that have been checked, by a hash of each: those that are accepted until they end, those that are refused for a moment. The oldest go first. */
export class TokenCache {
  readonly #accepted = new Map<string, Accepted>();
  /** Apart, so that no flood of bad tokens drives out the good ones. */
  readonly #refused = new Map<string, Refused>();
  #bytes = 0;

  get bytes(): number {
    return this.#bytes;
  }

  get size(): number {
    return this.#accepted.size + this.#refused.size;
  }

  /** The same without a throw: returns what `get` would throw. */
  look(key: string, now: number): Principal | RpcError | undefined {
    return this.#acceptedBy(key, now) ?? this.#refusalOf(key, now);
  }

  /** Whom a token names. Throws what it was refused with. `undefined`: it has to be checked. `now`: epoch milliseconds. */
  get(key: string, now: number): Principal | undefined {
    const principal = this.#acceptedBy(key, now);
    if (principal !== undefined) return principal;
    const refusal = this.#refusalOf(key, now);
    if (refusal !== undefined) throw refusal;
    return undefined;
  }

  #acceptedBy(key: string, now: number): Principal | undefined {
    const accepted = this.#accepted.get(key);
    if (accepted === undefined) return undefined;
    const { keys, version, until, principal } = accepted;
    // Keys that are no longer the issuer's take what they have signed along.
    if (keys.touch() && keys.version === version && now < until) return principal;
    this.#drop(key, accepted);
    return undefined;
  }

  #refusalOf(key: string, now: number): RpcError | undefined {
    const refused = this.#refused.get(key);
    if (refused === undefined) return undefined;
    if (now < refused.until && now >= refused.until - REFUSAL_MS) return refused.error;
    this.#refused.delete(key);
    return undefined;
  }

  /** `version`: that of the keys it was checked with; `until`: epoch milliseconds; `length`: of the token. */
  accept(
    key: string,
    principal: Principal,
    keys: KeySource,
    version: number,
    until: number,
    length: number,
  ): void {
    const before = this.#accepted.get(key);
    if (before !== undefined) this.#drop(key, before);
    const bytes = ENTRY_BYTES + 2 * length;
    this.#accepted.set(key, { principal, keys, version, until, bytes });
    this.#bytes += bytes;
    for (const [oldest, entry] of this.#accepted) {
      if (this.#bytes <= MAX_CACHED_BYTES && this.#accepted.size <= MAX_CACHED_TOKENS) break;
      this.#drop(oldest, entry);
    }
  }

  refuse(key: string, error: RpcError, now: number): void {
    this.#refused.delete(key);
    this.#refused.set(key, { error, until: now + REFUSAL_MS });
    for (const [oldest, { until }] of this.#refused) {
      if (until > now && this.#refused.size <= MAX_CACHED_TOKENS) break;
      this.#refused.delete(oldest);
    }
  }

  /** There are other keys: what they have not signed may be signed now. */
  forgetRefusals(): void {
    this.#refused.clear();
  }

  #drop(key: string, { bytes }: Accepted): void {
    this.#accepted.delete(key);
    this.#bytes -= bytes;
  }
}
