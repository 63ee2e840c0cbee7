import { SignJWT } from 'jose';
import type { OwnTokens, Principal, PublishedKey, SignSettings } from '../identity/index.js';
import type { SigningKey } from './signing-key.js';
import { type SigningEvents, SigningKeys } from './signing-keys.js';

/** What tokens that are used again may hold, in bytes. */
export const MAX_SIGNED_BYTES = 16 * 1024 * 1024;

/** What an entry holds besides its token, in bytes. */
const ENTRY_BYTES = 512;

/** A token is used again until this long before it ends, in milliseconds, or for three quarters of its time, if that is longer. */
const MARGIN_MS = 10_000;

/** The least time that a token has, in milliseconds: the client's may be accepted for a moment after its end, because clocks differ. */
const MIN_LIFE_MS = 5_000;

/** A token, or the signing of it. */
interface Signed {
  readonly key: SigningKey;
  /** In epoch milliseconds. */
  readonly freshUntil: number;
  token: string | Promise<string>;
}

type Signeds = WeakMap<Principal, Map<string, Signed>>;

/** What a signer needs besides its settings. */
export interface SignedTokensTools {
  readonly events: SigningEvents;
  /** Epoch milliseconds. Default: the clock. */
  readonly now?: () => number;
  /** Milliseconds of a clock that never goes back. Default: that of the process. */
  readonly elapsed?: () => number;
}

/**
 * Tokens that the gateway signs for principals it has let in. One signature serves every call of a principal at a service until shortly before it ends.
 * They are remembered with the principal, in two halves: when the younger one is full the older one goes.
 */
export class SignedTokens implements OwnTokens {
  readonly #settings: SignSettings;
  readonly #keys: SigningKeys;
  readonly #now: () => number;
  #young: Signeds = new WeakMap();
  #old: Signeds = new WeakMap();
  #youngBytes = 0;

  private constructor(settings: SignSettings, keys: SigningKeys, now: () => number) {
    this.#settings = settings;
    this.#keys = keys;
    this.#now = now;
  }

  /** Reads the key. Rejects with an Error that names the file. There is nothing to close. */
  static async open(settings: SignSettings, tools: SignedTokensTools): Promise<SignedTokens> {
    const { keyFile, ttlSeconds } = settings;
    const elapsed = tools.elapsed ?? (() => performance.now());
    try {
      const keys = await SigningKeys.open(keyFile, ttlSeconds * 1_000, tools.events, elapsed);
      return new SignedTokens(settings, keys, tools.now ?? (() => Date.now()));
    } catch (cause) {
      throw new Error(`auth.sign.keyFile ${keyFile}: ${(cause as Error).message}`, { cause });
    }
  }

  tokenOf(principal: Principal, path: string): string | Promise<string> {
    const audience = this.#settings.audience === undefined ? serviceOf(path) : '';
    const key = this.#keys.current;
    const now = this.#now();
    const known = this.#young.get(principal)?.get(audience) ?? this.#old.get(principal)?.get(audience);
    if (known !== undefined && known.key === key && now < known.freshUntil) return known.token;
    return this.#sign(principal, audience, key, now);
  }

  async publicKeys(): Promise<readonly PublishedKey[]> {
    return await this.#keys.published();
  }

  async adopt(before: OwnTokens): Promise<void> {
    this.#keys.adopt(await before.publicKeys());
  }

  #sign(principal: Principal, audience: string, key: SigningKey, now: number): Promise<string> {
    const { issuer, ttlSeconds, audience: chosen } = this.#settings;
    const { subject, tenant, scopes, roles, expiresAt } = principal;
    const ends = Math.max(Math.min(now + ttlSeconds * 1_000, expiresAt ?? Infinity), now + MIN_LIFE_MS);
    const claims = {
      ...(tenant !== undefined && { tenant }),
      ...(scopes.size > 0 && { scope: [...scopes].join(' ') }),
      ...(roles.size > 0 && { roles: [...roles] }),
      // A subject is one only together with who says so. Source: RFC 9493 sections 3.2.3 and 4.1.
      sub_id: { format: 'iss_sub', iss: principal.issuer, sub: subject },
    };
    const signing = new SignJWT(claims)
      .setProtectedHeader({ alg: key.alg, kid: key.kid, typ: 'JWT' })
      .setIssuer(issuer)
      .setSubject(subject)
      .setAudience(chosen === undefined ? audience : [...chosen])
      .setIssuedAt(Math.floor(now / 1_000))
      .setExpirationTime(Math.floor(ends / 1_000))
      .sign(key.privateKey);
    const freshUntil = ends - Math.min(MARGIN_MS, (ends - now) / 4);
    const entry: Signed = { key, freshUntil, token: signing };
    this.#keep(principal, audience, entry);
    signing.then(
      (token) => {
        entry.token = token;
        this.#youngBytes += ENTRY_BYTES + token.length;
      },
      () => this.#young.get(principal)?.delete(audience),
    );
    return signing;
  }

  #keep(principal: Principal, audience: string, entry: Signed): void {
    if (this.#youngBytes >= MAX_SIGNED_BYTES / 2) {
      this.#old = this.#young;
      this.#young = new WeakMap();
      this.#youngBytes = 0;
    }
    const ofPrincipal = this.#young.get(principal);
    if (ofPrincipal === undefined) this.#young.set(principal, new Map([[audience, entry]]));
    else ofPrincipal.set(audience, entry);
  }
}

/** `pkg.Service` of `/pkg.Service/Method`. */
function serviceOf(path: string): string {
  return path.slice(1, path.lastIndexOf('/'));
}
