/** How the signatures of tokens may be made. Source: RFC 7518 section 3.1, RFC 8037, RFC 9864. */
export const PUBLIC_KEY_ALGORITHMS = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
  'Ed25519',
] as const;

/** With a secret that both sides know. */
export const SECRET_ALGORITHMS = ['HS256', 'HS384', 'HS512'] as const;

export const DEFAULT_ALGORITHMS = ['RS256', 'ES256', 'EdDSA'] as const;

/** Default tolerance for clocks that differ, in seconds. */
const DEFAULT_TOLERANCE_SECONDS = 5;

/** Where the keys of an issuer are: one of the three. */
export interface KeyPlace {
  /** A JSON Web Key Set. By https, or from this machine. */
  readonly jwksUrl?: string | undefined;
  /** The issuer's own description names it: OpenID Connect Discovery 1.0. */
  readonly discovery?: true | undefined;
  /** A file with a JSON Web Key Set, which is read again when it has changed. */
  readonly file?: string | undefined;
}

/** Who may issue tokens. */
export interface IssuerSettings {
  /** Exactly what tokens say. */
  readonly issuer: string;
  /** A token is for us when it names one of them. */
  readonly audience: readonly string[];
  readonly keys: KeyPlace;
  readonly algorithms?: readonly string[] | undefined;
  readonly clockToleranceSeconds?: number | undefined;
}

/** What tokens are checked by, and which of their claims mean what. */
export interface TokenSettings {
  readonly issuers: readonly IssuerSettings[];
  /** Default "scope". */
  readonly scopesClaim?: string | undefined;
  /** Default "roles". */
  readonly rolesClaim?: string | undefined;
  /** Default: no token has a tenant. */
  readonly tenantClaim?: string | undefined;
}

export function algorithmsOf({ algorithms }: Pick<IssuerSettings, 'algorithms'>): readonly string[] {
  return algorithms ?? DEFAULT_ALGORITHMS;
}

export function toleranceOf({ clockToleranceSeconds }: IssuerSettings): number {
  return clockToleranceSeconds ?? DEFAULT_TOLERANCE_SECONDS;
}

/** An algorithm whose key is a secret. */
export function isSecretAlgorithm(algorithm: string): boolean {
  return (SECRET_ALGORITHMS as readonly string[]).includes(algorithm);
}

/**
 * Why keys may not be fetched from an address: in plain text only this machine may be asked, or somebody on the way signs tokens. `undefined`: they may.
 */
export function faultOfKeyUrl(text: string, mayBePlain = true): string | undefined {
  if (!URL.canParse(text)) return 'is not a URL';
  const { protocol, hostname, username, password, hash } = new URL(text);
  if (username !== '' || password !== '') return 'must not have a user or a password';
  if (hash !== '') return 'must not have a fragment';
  if (protocol === 'https:') return undefined;
  const isHere = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/.test(hostname);
  if (protocol === 'http:' && isHere && mayBePlain) return undefined;
  return 'must begin with https:// (http:// only for this machine)';
}
