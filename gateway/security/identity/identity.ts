import type { Socket } from 'node:net';
import type { AccessRule, Method } from '../../schema/index.js';
import { type Metadata, RpcError } from '../../status/index.js';
import { AllowedOrigins } from '../allowed-origins.js';
import type { PageRules } from '../origin.js';
import { TrustedProxies } from '../trusted-proxies.js';
import { AccessDecision, type AskedAccess } from './access-decision.js';
import { refusalOfAccess } from './access-refusal.js';
import { type Asking, askedCall, askedRequest } from './asked-request.js';
import type { Authorized } from './authorize.js';
import { withoutCookie } from './cookie-token.js';
import {
  AUTHORIZATION,
  type Credential,
  credentialOf,
  credentialOfMetadata,
  type ShowingRequest,
  type TokenCredential,
} from './credential.js';
import { type Glance, glanceAt } from './glance.js';
import {
  type IdentityRules,
  type KnownClient,
  NO_IDENTITY,
  type ShownSecurity,
  securityOf,
} from './identity-rules.js';
import type { PublishedKey } from './own-tokens.js';
import { ANONYMOUS, type Principal } from './principal.js';
import { credentialNeeded, credentialRefused } from './refused-credential.js';
import type { ShownCredential } from './shown-credential.js';
import type { TicketStore } from './ticket-store.js';
import { DEFAULT_TICKET_MS, type IssuedTicket, Tickets } from './tickets.js';
import { bearer, type ToldToken, toldToken } from './told-token.js';

const OWN_PAGES: PageRules = {
  allowOrigins: new AllowedOrigins([]),
  trustedProxies: new TrustedProxies([]),
};

/**
 * Who calls, and what that allows: where a request or a call of a session gets its principal, where its access is decided, and what its service is told of
 * it. The rules may be replaced while it is used; what has been let in stays in.
 */
export class Identity {
  #rules: IdentityRules = NO_IDENTITY;
  /** The schema's own rules count only where there is something configured to fulfil them. */
  #isOn = false;
  #shown: ShownSecurity | undefined;
  readonly #pages: PageRules;
  readonly #tickets: Tickets;

  /** `pages`: whose pages may use a cookie; default: our own. `store`: where tickets are kept; default: in memory. */
  constructor(pages: PageRules = OWN_PAGES, store?: TicketStore) {
    this.#pages = pages;
    this.#tickets = new Tickets(store);
  }

  /** `undefined`: nothing is configured. */
  use(rules: IdentityRules | undefined): void {
    const before = this.#rules.ownTokens;
    if (before !== undefined) void rules?.ownTokens?.adopt(before);
    this.#rules = rules ?? NO_IDENTITY;
    this.#isOn = rules !== undefined;
    this.#shown = securityOf(this.#rules);
  }

  /** What notes who asks, until it is decided; `undefined` where no line of it is written. */
  decision(asked: () => AskedAccess): AccessDecision | undefined {
    const { audit } = this.#rules;
    return audit === undefined ? undefined : new AccessDecision(audit, asked());
  }

  /** For those who describe the gateway: the same object as long as the rules are the same. `undefined`: no client can be known. */
  get shown(): ShownSecurity | undefined {
    return this.#shown;
  }

  /** What a request shows; a ticket is taken out of its address, so ask once for each. Throws UNAUTHENTICATED for what cannot be one. */
  credentialOf(request: ShowingRequest): Credential | undefined {
    const { checkToken, cookie } = this.#rules;
    return checkToken === undefined ? undefined : credentialOf(request, { cookie, pages: this.#pages });
  }

  /** What a call of a session shows itself, in its metadata. Throws UNAUTHENTICATED for what cannot be one. */
  credentialOfCall(metadata: Metadata): TokenCredential | undefined {
    return this.#rules.checkToken === undefined ? undefined : credentialOfMetadata(metadata);
  }

  /**
   * The token that a credential is, or stands for, at once where that can be said at once. A ticket is used up by it. `isSafe`: what is asked for has no
   * side effects; otherwise a cookie that no page of ours sent does not count. Throws, or rejects with, UNAUTHENTICATED.
   */
  redeem(
    credential: Credential | undefined,
    isSafe: boolean,
  ): TokenCredential | undefined | Promise<TokenCredential> {
    switch (credential?.kind) {
      case 'ticket':
        return this.#tickets.redeem(credential.ticket, credential.shownBy, this.#pages);
      case 'cookie':
        return credential.isSafeOnly && !isSafe ? undefined : { kind: 'token', token: credential.token };
      default:
        return credential;
    }
  }

  /** What can be said at once of what a client shows; `workload` without a credential. Never throws. */
  glance(shown: ShownCredential, workload: Principal): Glance {
    return glanceAt(shown, workload, this.#rules, this.#tickets);
  }

  /** Who a request is of, and by which token, `workload` without one: `redeem` and `identify`, at once where both are. Throws, or rejects with, what they do. */
  recognize(
    credential: Credential | undefined,
    isSafe: boolean,
    workload: Principal,
  ): KnownClient | Promise<KnownClient> {
    const known = (token: TokenCredential | undefined): KnownClient | Promise<KnownClient> => {
      const principal = this.identify(token, workload);
      if (!(principal instanceof Promise)) return { principal, credential: token };
      return principal.then((principal) => ({ principal, credential: token }));
    };
    const token = this.redeem(credential, isSafe);
    return token instanceof Promise ? token.then(known) : known(token);
  }

  /**
   * A ticket for whoever shows this credential, to be used by the same origin. Rejects with UNAUTHENTICATED without one, for one that is not accepted and
   * for a ticket, and with NOT_FOUND where no tokens are checked. `known` hears whose it is before there is one, and may throw.
   */
  async issueTicket(
    credential: Credential | undefined,
    { headers }: ShowingRequest,
    known: (principal: Principal) => void,
  ): Promise<IssuedTicket> {
    const { checkToken, ticketMs = DEFAULT_TICKET_MS } = this.#rules;
    if (checkToken === undefined)
      throw new RpcError('PATH_NOT_FOUND', 'there are no tickets here: auth.issuers is not configured');
    if (credential?.kind === 'ticket') throw credentialRefused('a ticket cannot buy a ticket');
    const token = await this.redeem(credential, false);
    if (token === undefined) throw credentialNeeded();
    const principal = await checkToken(token.token);
    known(principal);
    return await this.#tickets.issue(token, principal, headers.origin, ticketMs);
  }

  /**
   * Whose connection, or stream of one, it is, by the client's certificate: who calls where no other credential says so. `isProxied`: it is a trusted
   * proxy's, whose certificate says nothing of its clients.
   */
  ofConnection(socket: Socket, { isProxied }: { readonly isProxied: boolean }): Principal {
    return (isProxied ? undefined : this.#rules.certificates?.of(socket)) ?? ANONYMOUS;
  }

  /**
   * Who that is, at once where it can be said at once; `workload` without a credential. Throws, or rejects with, UNAUTHENTICATED for one that is not
   * accepted, also where none is needed, and UNAVAILABLE when that cannot be said now.
   */
  identify(
    credential: TokenCredential | undefined,
    workload: Principal = ANONYMOUS,
  ): Principal | Promise<Principal> {
    const { checkToken } = this.#rules;
    return credential === undefined || checkToken === undefined ? workload : checkToken(credential.token);
  }

  /**
   * What refuses a principal access to a method: UNAUTHENTICATED or PERMISSION_DENIED. Returned, not thrown: it comes in floods, and a throw costs half of a
   * refusal. `rule`: what is said of the method; `undefined`: nothing.
   */
  refusalOfAccess(
    principal: Principal,
    rule: AccessRule | undefined,
    decision?: AccessDecision,
  ): RpcError | undefined {
    if (!this.#isOn) return undefined;
    const counting = rule ?? this.#rules.access;
    decision?.followed(counting);
    return refusalOfAccess(principal, counting);
  }

  /** The same for what the gateway answers itself. */
  refusalOfOwnAccess(principal: Principal, decision?: AccessDecision): RpcError | undefined {
    decision?.followed(this.#rules.ownAccess);
    return refusalOfAccess(principal, this.#rules.ownAccess);
  }

  /**
   * Asks the authorization service about a request for a method, or, with `metadata`, about a call of a session. `undefined` where nobody is asked. Rejects
   * with what the client is refused with.
   */
  authorize(
    rule: AccessRule | undefined,
    asking: () => Asking,
    metadata?: Metadata,
    decision?: AccessDecision,
  ): Promise<Authorized> | undefined {
    const { authorize } = this.#rules;
    if (authorize === undefined) return undefined;
    const isAsked = authorize.ofPublic || (rule === undefined ? authorize.ofUnnamed : !rule.public);
    if (!isAsked) return undefined;
    decision?.askedService();
    return authorize.ask(metadata === undefined ? askedRequest(asking()) : askedCall(asking(), metadata));
  }

  /** The same about what the gateway answers itself. */
  authorizeOwn(asking: () => Asking, decision?: AccessDecision): Promise<Authorized> | undefined {
    const { authorize } = this.#rules;
    if (authorize?.ofOwn !== true) return undefined;
    // It may throw: then nobody was asked.
    const request = askedRequest(asking());
    decision?.askedService();
    return authorize.ask(request);
  }

  /** The metadata for the service: without what only the gateway may say, and with what it says of the principal. */
  metadata(given: Metadata, principal: Principal, credential: TokenCredential | undefined): Metadata {
    const { checkToken, forward, forwardToken, ownTokens, cookie } = this.#rules;
    const told = forward === undefined ? given : forward.tell(given, principal);
    if (checkToken === undefined && ownTokens === undefined) return told;
    // Also one that came by another way than its header: nobody has checked that.
    const isToken = (name: string) => name === AUTHORIZATION;
    const tokenless = told.some(([name]) => isToken(name)) ? told.filter(([name]) => !isToken(name)) : told;
    const rest = cookie === undefined ? tokenless : leavingOutCookie(tokenless, cookie);
    if (!forwardToken || credential === undefined) return rest;
    return withToken(rest, credential.token);
  }

  /**
   * The same with a token of our own, where such are configured and somebody is known. `path`: of the method. A promise only where one has to be signed.
   */
  signed(metadata: Metadata, principal: Principal, path: string): Metadata | Promise<Metadata> {
    const { ownTokens } = this.#rules;
    if (ownTokens === undefined || principal.isAnonymous) return metadata;
    const token = ownTokens.tokenOf(principal, path);
    return typeof token === 'string'
      ? withToken(metadata, token)
      : token.then((signed) => withToken(metadata, signed));
  }

  /**
   * What the service is told of the owner of a call by this metadata, for a method whose calls may be asked for again: that may be told anew then. `now`: who
   * the owner is known to be by then. `undefined` for other methods.
   */
  told(
    metadata: Metadata,
    owner: KnownClient,
    { path, resume, recording }: Pick<Method, 'path' | 'resume' | 'recording'>,
    now?: () => KnownClient,
  ): ToldToken | undefined {
    const { checkToken, ownTokens } = this.#rules;
    if (checkToken === undefined && ownTokens === undefined) return undefined;
    if (resume === undefined && recording === undefined) return undefined;
    return toldToken(metadata, owner, { ownTokens: () => this.#rules.ownTokens, path, now });
  }

  /** What our own tokens are checked with; `undefined` where there are none. */
  publicKeys(): Promise<readonly PublishedKey[]> | undefined {
    return this.#rules.ownTokens?.publicKeys();
  }
}

function withToken(metadata: Metadata, token: string): Metadata {
  return [...metadata, [AUTHORIZATION, bearer(token)]];
}

/** A cookie that is a credential does not travel, whatever it was worth. */
function leavingOutCookie(metadata: Metadata, cookie: string): Metadata {
  if (!metadata.some(([name]) => name === 'cookie')) return metadata;
  return metadata.flatMap(([name, value]) => {
    const rest = name === 'cookie' ? withoutCookie(value, cookie) : value;
    return rest === undefined ? [] : [[name, rest] as const];
  });
}
