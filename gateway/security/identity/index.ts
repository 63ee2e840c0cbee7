export {
  AccessDecision,
  type AccessLine,
  type AskedAccess,
  decided,
  type WriteAccess,
} from './access-decision.js';
export { refusalOfAccess } from './access-refusal.js';
export { type AskedRequest, type Asking, askedCall, askedRequest } from './asked-request.js';
export type { Authorize, Authorized } from './authorize.js';
export { type Claims, claimAt, wordsOf } from './claim.js';
export { type Credential, credentialOf, type ShowingRequest, type TokenCredential } from './credential.js';
export { ForwardedClaims, likeness } from './forwarded-claims.js';
export type { Glance } from './glance.js';
export { Identity } from './identity.js';
export type { CheckToken, IdentityRules, KnownClient, ShownSecurity } from './identity-rules.js';
export type { OwnTokens, PublishedKey, SignSettings } from './own-tokens.js';
export { ANONYMOUS, createPrincipal, nameOfPrincipal, type Principal } from './principal.js';
export {
  accessDenied,
  credentialExpired,
  credentialNeeded,
  credentialRefused,
  keysUnreachable,
} from './refused-credential.js';
export { credentialShown, type ShownCredential, shownCredential } from './shown-credential.js';
export { type KeptTicket, MemoryTicketStore, type TicketStore } from './ticket-store.js';
export { DEFAULT_TICKET_MS, type IssuedTicket, Tickets } from './tickets.js';
export {
  algorithmsOf,
  DEFAULT_ALGORITHMS,
  faultOfKeyUrl,
  type IssuerSettings,
  isSecretAlgorithm,
  PUBLIC_KEY_ALGORITHMS,
  SECRET_ALGORITHMS,
  type TokenSettings,
  toleranceOf,
} from './token-settings.js';
export type { ToldToken } from './told-token.js';
