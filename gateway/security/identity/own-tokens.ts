import type { Principal } from './principal.js';

/** How the gateway signs tokens of its own. */
export interface SignSettings {
  /** With a private key: PEM (PKCS#8), or a JSON Web Key. Read again when it has changed. */
  readonly keyFile: string;
  /** What the tokens have in `iss`. */
  readonly issuer: string;
  /** How long one lasts at most. */
  readonly ttlSeconds: number;
  /** Whom they are for. Default: the service that is called, `pkg.Service`, so that none of them can use one at another. */
  readonly audience?: readonly string[] | undefined;
}

/** A public key, and until when it is listed, in milliseconds of the process's clock. */
export interface PublishedKey {
  readonly jwk: Readonly<Record<string, unknown>>;
  readonly until: number;
}

/** Tokens of our own, by which a service knows who calls. */
export interface OwnTokens {
  /** A token of a principal for the service of a gRPC path; at once where there is one that lasts. */
  tokenOf(principal: Principal, path: string): string | Promise<string>;
  /** What they are checked with. */
  publicKeys(): Promise<readonly PublishedKey[]>;
  /** Keeps the keys of those that were used before listed, as long as tokens of them may be around. */
  adopt(before: OwnTokens): Promise<void>;
}
