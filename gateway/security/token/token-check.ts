import { hash } from 'node:crypto';
import { RpcError } from '../../status/index.js';
import {
  claimAt,
  createPrincipal,
  credentialRefused,
  type IssuerSettings,
  type Principal,
  type TokenSettings,
  toleranceOf,
  wordsOf,
} from '../identity/index.js';
import type { KeyEvents, KeySource } from './key-source.js';
import { openKeys } from './open-keys.js';
import { TokenCache } from './token-cache.js';
import { refusalOfForm, tokenForm } from './token-form.js';
import { verifyToken } from './verify-token.js';

/** What a check of tokens needs besides its settings. */
export interface TokenTools {
  /** Hears of an issuer's keys. */
  eventsOf(issuer: string): KeyEvents;
  /** Epoch milliseconds. Default: the clock. */
  readonly now?: () => number;
  /** Milliseconds of a clock that never goes back. Default: that of the process. */
  readonly elapsed?: () => number;
}

interface Issuer {
  readonly settings: IssuerSettings;
  readonly keys: KeySource;
}

/** Says whom a token names. Whoever opens it closes it. */
export class TokenCheck {
  readonly #settings: TokenSettings;
  readonly #issuers: ReadonlyMap<string, Issuer>;
  readonly #now: () => number;
  readonly #cache: TokenCache;
  /** Those that are being checked, so that many requests with one token are one check. */
  readonly #checking = new Map<string, Promise<Principal>>();

  private constructor(
    settings: TokenSettings,
    issuers: ReadonlyMap<string, Issuer>,
    cache: TokenCache,
    now: () => number,
  ) {
    this.#settings = settings;
    this.#issuers = issuers;
    this.#cache = cache;
    this.#now = now;
  }

  /** Reads key files, and begins to fetch other keys. Rejects with an Error that names the file that cannot be used; then nothing is left open. */
  static async open(settings: TokenSettings, tools: TokenTools): Promise<TokenCheck> {
    const cache = new TokenCache();
    const issuers = new Map<string, Issuer>();
    const elapsed = tools.elapsed ?? (() => performance.now());
    for (const [index, issuer] of settings.issuers.entries()) {
      const events = tools.eventsOf(issuer.issuer);
      const loaded = (keys: number): void => {
        cache.forgetRefusals();
        events.loaded(keys);
      };
      try {
        const keys = await openKeys(issuer, { ...events, loaded, failed: events.failed }, elapsed);
        issuers.set(issuer.issuer, { settings: issuer, keys });
      } catch (cause) {
        for (const { keys } of issuers.values()) keys.close();
        const place = `auth.issuers.${index}.keys.file ${issuer.keys.file}`;
        throw new Error(`${place}: ${(cause as Error).message}`, { cause });
      }
    }
    return new TokenCheck(settings, issuers, cache, tools.now ?? (() => Date.now()));
  }

  /** Whom a token names that is accepted, and what refuses one that is not, both only if that needs no check. Never throws. */
  known(token: string): Principal | RpcError | undefined {
    return refusalOfForm(token) ?? this.#cache.look(hash('sha256', token, 'base64'), this.#now());
  }

  /**
   * Whom a token names: at once where it has been checked before. Throws, or rejects with, UNAUTHENTICATED for one that is not accepted, and UNAVAILABLE
   * when that cannot be said now.
   */
  check(token: string): Principal | Promise<Principal> {
    const refusal = refusalOfForm(token);
    if (refusal !== undefined) throw refusal;
    const key = hash('sha256', token, 'base64');
    const known = this.#cache.get(key, this.#now()) ?? this.#checking.get(key);
    if (known !== undefined) return known;
    const checking = this.#check(token, key).finally(() => this.#checking.delete(key));
    this.#checking.set(key, checking);
    return checking;
  }

  close(): void {
    for (const { keys } of this.#issuers.values()) keys.close();
  }

  async #check(token: string, key: string): Promise<Principal> {
    const now = this.#now();
    try {
      const form = tokenForm(token);
      // What a token says of itself chooses among those that are configured, and nothing else.
      const { iss } = form.claims;
      const issuer = typeof iss === 'string' ? this.#issuers.get(iss) : undefined;
      if (issuer === undefined) throw credentialRefused('iss: is not one of auth.issuers');
      const { settings, keys } = issuer;
      const { claims, version } = await verifyToken(token, form, settings, keys, now);
      const principal = this.#principal(settings.issuer, claims);
      const until = (claims.exp + toleranceOf(settings)) * 1_000;
      this.#cache.accept(key, principal, keys, version, until, token.length);
      return principal;
    } catch (reason) {
      if (reason instanceof RpcError && reason.reason === 'CREDENTIAL_INVALID')
        this.#cache.refuse(key, reason, now);
      throw reason;
    }
  }

  #principal(issuer: string, claims: { readonly sub: string; readonly exp: number }): Principal {
    const { scopesClaim = 'scope', rolesClaim = 'roles', tenantClaim } = this.#settings;
    const tenant = tenantClaim === undefined ? undefined : claimAt({ ...claims }, tenantClaim);
    // A service that separates tenants must not get somebody of none.
    if (tenantClaim !== undefined && (typeof tenant !== 'string' || tenant === '' || tenant.length > 256))
      throw credentialRefused('the claim of the tenant is not a text of 1 to 256 characters');
    return createPrincipal({
      issuer,
      subject: claims.sub,
      tenant: tenant as string | undefined,
      scopes: wordsOf(claimAt({ ...claims }, scopesClaim)),
      roles: wordsOf(claimAt({ ...claims }, rolesClaim)),
      expiresAt: Math.floor(claims.exp * 1_000),
      claims: { ...claims },
    });
  }
}
