import type { Metadata } from '../../status/index.js';
import { AUTHORIZATION } from './credential.js';
import type { KnownClient } from './identity-rules.js';
import type { OwnTokens } from './own-tokens.js';
import { createPrincipal } from './principal.js';
import { credentialExpired } from './refused-credential.js';

/** What a service is told of who calls, as `authorization`, and what it would be told now. */
export interface ToldToken {
  /** What it was told. */
  readonly value: string;
  /** When the credential of the owner ends, in epoch milliseconds; `undefined`: never. */
  readonly endsAt: number | undefined;
  /** Throws UNAUTHENTICATED when that has ended and the token is the client's own. */
  renew(): string | Promise<string>;
}

export interface TellingRules {
  /** What is configured now; `undefined`: the client's own token travels. */
  readonly ownTokens: () => OwnTokens | undefined;
  /** Of the gRPC method. */
  readonly path: string;
  /** Who the owner is known to be now, as long as it is the same principal. Absent: as at first. */
  readonly now?: (() => KnownClient) | undefined;
}

/**
 * The token in the metadata of a call; `undefined` where there is none of its owner. What the owner was let in with stays: a new token of our own has its
 * scopes and roles, and the time of the newest credential.
 */
export function toldToken(
  metadata: Metadata,
  owner: KnownClient,
  { ownTokens, path, now = () => owner }: TellingRules,
): ToldToken | undefined {
  const value = metadata.find(([name]) => name === AUTHORIZATION)?.[1];
  if (value === undefined || owner.principal.isAnonymous) return undefined;
  const { principal } = owner;
  const isOwn = ownTokens() !== undefined;
  return {
    value,
    get endsAt() {
      return now().principal.expiresAt;
    },
    renew() {
      if (!isOwn) return clientToken(now());
      const { expiresAt } = now().principal;
      const signer = ownTokens();
      if (signer === undefined) return value;
      const isSame = expiresAt === principal.expiresAt;
      const token = signer.tokenOf(isSame ? principal : createPrincipal({ ...principal, expiresAt }), path);
      return typeof token === 'string' ? bearer(token) : token.then(bearer);
    },
  };
}

function clientToken({ principal: { expiresAt }, credential }: KnownClient): string {
  if (credential === undefined || (expiresAt !== undefined && Date.now() >= expiresAt))
    throw credentialExpired();
  return bearer(credential.token);
}

export function bearer(token: string): string {
  return `Bearer ${token}`;
}
