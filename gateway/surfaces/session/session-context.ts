import type { IncomingMessage } from 'node:http';
import type { FastifyBaseLogger } from 'fastify';
import type { Identity, Principal, RequestSource, TokenCredential } from '../../security/index.js';
import type { Metadata } from '../../status/index.js';
import type { ClientPace, ExchangeContext, Limits, MethodRequest, Surface } from '../exchange/index.js';
import type { HeaderRules } from '../message/index.js';
import type { AllHeldBytes } from './held-bytes.js';

/** What a session works with: what every surface does, and what its handshake said. */
export interface SessionContext extends ExchangeContext {
  readonly surfaces: { readonly session: Surface };
  readonly limits: Limits;
  /** What the headers of the handshake send along with every call. */
  readonly metadata: Metadata;
  /** Who is asked who calls, and what that allows. */
  readonly identity: Identity;
  /** Whom the credential of the handshake names. */
  readonly principal: Principal;
  readonly credential: TokenCredential | undefined;
  /** How fast its socket may be read from; it follows the principals that `auth` names. Absent: as fast as it can. */
  readonly pace?: ClientPace | undefined;
  /** What a call may say itself. */
  readonly headerRules: HeaderRules;
  readonly requestId: string;
  /** The handshake. */
  readonly http: IncomingMessage;
  /** What a call of a method ("pkg.Service/Method") needs. Throws `RpcError`: UNIMPLEMENTED when it may not be called. */
  readonly methodRequestOf: (method: string, http: IncomingMessage) => MethodRequest;
  /** The same for the call at a location, which its owner, `ownerOf` the call, may read. Throws NOT_FOUND. */
  readonly requestAt: (location: string, owner: string, http: IncomingMessage) => MethodRequest;
  /** Finds what is at a location on another gateway, or will be in a moment; a promise where that has to be waited for. Rejects with UNAVAILABLE. */
  readonly bring: (location: string) => Promise<void> | undefined;
  /** A call will be at a location in a moment: it is there, or never will be, when the returned function is called. */
  readonly beginAt: (location: string) => (() => void) | undefined;
  /** Ends the call at a location for everybody. Throws NOT_FOUND, also for everybody but who opened it. */
  readonly stopAt: (location: string, owner: string) => void;
  /** Whose calls these are. */
  readonly source: RequestSource;
  readonly log: FastifyBaseLogger;
  /** What clients' messages that wait for services hold in all sessions. */
  readonly heldInSessions: AllHeldBytes;
}
