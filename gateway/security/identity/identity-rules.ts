import type { Socket } from 'node:net';
import { type AccessRule, PUBLIC } from '../../schema/index.js';
import type { RpcError } from '../../status/index.js';
import type { WriteAccess } from './access-decision.js';
import type { Authorize } from './authorize.js';
import type { TokenCredential } from './credential.js';
import type { ForwardedClaims } from './forwarded-claims.js';
import type { OwnTokens } from './own-tokens.js';
import type { Principal } from './principal.js';

/**
 * Who a token names: at once where it has been checked before. Throws, or rejects with, UNAUTHENTICATED for what is not accepted and UNAVAILABLE when
 * that cannot be said.
 */
export type CheckToken = (token: string) => Principal | Promise<Principal>;

/** Whom a token names that has been accepted before, and what refuses it where that is known already; `undefined`: it has to be checked. Never throws. */
export type KnownToken = (token: string) => Principal | RpcError | undefined;

/** What identity is configured to be. */
export interface IdentityRules {
  /** Without it nobody's credential is looked at, and `authorization` travels as any other header. */
  readonly checkToken: CheckToken | undefined;
  /** Absent: every token has to be checked. */
  readonly knownToken?: KnownToken | undefined;
  /** Whom certificates of clients name; absent: nobody. */
  readonly certificates?: { of(socket: Socket): Principal | undefined } | undefined;
  /** Of what no rule names. */
  readonly access: AccessRule;
  /** Of our own paths, and of the services that the gateway answers itself. */
  readonly ownAccess: AccessRule;
  /** What the service is told of a principal; `undefined`: nothing. */
  readonly forward: ForwardedClaims | undefined;
  /** Whether a token that was accepted goes on to the service. */
  readonly forwardToken: boolean;
  /** What the service gets in place of the client's token; `undefined`: nothing. */
  readonly ownTokens?: OwnTokens | undefined;
  /** Who is asked besides; `undefined`: nobody. */
  readonly authorize: Authorize | undefined;
  /** Hears who is let in, and who is not; absent: no such line is written. */
  readonly audit?: WriteAccess | undefined;
  /** The cookie that may hold a token. Default: none. */
  readonly cookie?: string | undefined;
  /** How long a ticket is good, in milliseconds. Default `DEFAULT_TICKET_MS`. */
  readonly ticketMs?: number | undefined;
}

/** Who a request is of, and the token that says so; what a ticket or a cookie was is no longer of interest. */
export interface KnownClient {
  readonly principal: Principal;
  readonly credential: TokenCredential | undefined;
}

/** As long as nothing is configured: everybody is anonymous, and may do everything. */
export const NO_IDENTITY: IdentityRules = {
  checkToken: undefined,
  access: PUBLIC,
  ownAccess: PUBLIC,
  forward: undefined,
  forwardToken: true,
  authorize: undefined,
};

/** How clients of a gateway may show who they are, and what that is asked for. */
export interface ShownSecurity {
  /** Of methods that no rule names. */
  readonly access: AccessRule;
  /** Tokens are checked. */
  readonly tokens: boolean;
  /** The cookie that may have one. */
  readonly cookie: string | undefined;
  /** Certificates of clients count. */
  readonly certificates: boolean;
}

/** What the rules are for those who describe the gateway; `undefined` where no client can be known. */
export function securityOf({
  checkToken,
  certificates,
  access,
  cookie,
}: IdentityRules): ShownSecurity | undefined {
  const tokens = checkToken !== undefined;
  if (!tokens && certificates === undefined) return undefined;
  return { access, tokens, cookie, certificates: certificates !== undefined };
}
