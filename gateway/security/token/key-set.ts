import { createHash } from 'node:crypto';
import { type CryptoKey, importJWK, type JWK } from 'jose';
import { isSecretAlgorithm } from '../identity/index.js';
import type { TokenHead } from './token-form.js';

/** The most keys of a set: issuers have one or two, and large ones some ten. */
export const MAX_KEYS = 100;

/** The most keys that a token without `kid` is tried with, or one whose `kid` several keys have. */
const MAX_TRIED = 8;

/** The least length of a secret, in bytes. Source: RFC 7518 section 3.2. */
const MIN_SECRET_BYTES = 32;

/** What a signature is checked with. */
export type VerifyKey = CryptoKey | Uint8Array;

/** Those that may have signed a token, and of which version of the keys they are. */
export interface FoundKeys {
  readonly keys: readonly VerifyKey[];
  readonly version: number;
}

/** What an algorithm needs of a key. */
const NEEDS: readonly {
  readonly algorithms: RegExp;
  readonly kty: string;
  readonly crv?: readonly string[];
}[] = [
  { algorithms: /^[RP]S\d/, kty: 'RSA' },
  { algorithms: /^ES256$/, kty: 'EC', crv: ['P-256'] },
  { algorithms: /^ES384$/, kty: 'EC', crv: ['P-384'] },
  { algorithms: /^ES512$/, kty: 'EC', crv: ['P-521'] },
  { algorithms: /^(?:EdDSA|Ed25519)$/, kty: 'OKP', crv: ['Ed25519'] },
  { algorithms: /^HS\d/, kty: 'oct' },
];

/** The keys of an issuer, as it publishes them. Source: RFC 7517 section 5. */
export class KeySet {
  readonly size: number;
  /** The same for the same keys. */
  readonly digest: string;
  readonly #keys: readonly JWK[];
  readonly #imported = new Map<string, Promise<VerifyKey | undefined>>();

  private constructor(keys: readonly JWK[], text: string) {
    this.#keys = keys;
    this.size = keys.length;
    this.digest = createHash('sha256').update(text).digest('base64');
  }

  /**
   * Reads the text of a JSON Web Key Set. What is no key is passed over. Throws an Error that says what is wrong; so it does for one without any key, because
   * an issuer that is about to start says that, and no token would count any more.
   */
  static of(text: string): KeySet {
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch {
      throw new Error('it is not JSON');
    }
    const keys = (value as { keys?: unknown } | null)?.keys;
    if (!Array.isArray(keys)) throw new Error('it is not a JSON Web Key Set: it has no list "keys"');
    if (keys.length > MAX_KEYS) throw new Error(`it has more than ${MAX_KEYS} keys`);
    const known = keys.filter(isKey);
    if (known.length === 0) throw new Error('it has no keys');
    return new KeySet(known, text);
  }

  /** The keys that may have signed a token, by what its head says. */
  async find({ alg, kid }: TokenHead): Promise<readonly VerifyKey[]> {
    const need = NEEDS.find(({ algorithms }) => algorithms.test(alg));
    if (need === undefined) return [];
    const matching: VerifyKey[] = [];
    for (const [index, key] of this.#keys.entries()) {
      if (matching.length === MAX_TRIED) break;
      if (key.kty !== need.kty || (need.crv !== undefined && !need.crv.includes(key.crv ?? ''))) continue;
      if ((kid !== undefined && key.kid !== kid) || (key.alg !== undefined && key.alg !== alg)) continue;
      if (key.use !== undefined && key.use !== 'sig') continue;
      if (Array.isArray(key.key_ops) && !key.key_ops.includes('verify')) continue;
      const name = `${index} ${alg}`;
      const importing = this.#imported.get(name) ?? importKey(key, alg);
      this.#imported.set(name, importing);
      const imported = await importing;
      if (imported !== undefined) matching.push(imported);
    }
    return matching;
  }
}

function isKey(key: unknown): key is JWK {
  return typeof key === 'object' && key !== null && typeof (key as JWK).kty === 'string';
}

/** Only what is public of a key: one with which tokens are signed may be published by mistake. */
async function importKey({ kty, n, e, crv, x, y, k }: JWK, alg: string): Promise<VerifyKey | undefined> {
  const given = isSecretAlgorithm(alg) ? { kty, k } : { kty, n, e, crv, x, y };
  const known = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  try {
    const key = await importJWK(known as JWK, alg);
    if (key instanceof Uint8Array) return key.length >= MIN_SECRET_BYTES ? key : undefined;
    return key.type === 'public' && !isShort(key) ? key : undefined;
  } catch {
    return undefined;
  }
}

/** Source: RFC 7518 section 3.3. */
function isShort({ algorithm }: CryptoKey): boolean {
  return 'modulusLength' in algorithm && (algorithm.modulusLength as number) < 2_048;
}
