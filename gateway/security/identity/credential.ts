import type { IncomingMessage } from 'node:http';
import type { Metadata } from '../../status/index.js';
import type { PageRules } from '../origin.js';
import { type CookieToken, cookieToken } from './cookie-token.js';
import { credentialRefused } from './refused-credential.js';
import { socketTokens } from './socket-token.js';
import { takeTickets } from './ticket-parameter.js';

/** A JSON Web Token, or what is said to be one. */
export interface TokenCredential {
  readonly kind: 'token';
  readonly token: string;
}

/** The same in a cookie. */
export interface CookieCredential extends CookieToken {
  readonly kind: 'cookie';
}

/** Stands for a token, once. */
export interface TicketCredential {
  readonly kind: 'ticket';
  readonly ticket: string;
  /** The request that shows it. */
  readonly shownBy: ShowingRequest;
}

/** What a client shows to be known by. Never in a log, an error, a trace or a metric. */
export type Credential = TokenCredential | CookieCredential | TicketCredential;

/** What of a request a credential may be in. */
export type ShowingRequest = Pick<IncomingMessage, 'rawHeaders' | 'headers' | 'method' | 'url' | 'socket'>;

/** Where to look besides the header. */
export interface CredentialPlaces {
  /** The cookie with a token; `undefined`: none. */
  readonly cookie: string | undefined;
  /** Whose pages may use it. */
  readonly pages: PageRules;
}

/** The header, and the name in the metadata of a session's call. */
export const AUTHORIZATION = 'authorization';

/** Source: RFC 6750 section 2.1, RFC 9110 section 11.4. The scheme has no case. */
const BEARER = /^bearer +(\S+)$/i;

/**
 * The credential of a request, whatever it is for: the one place where one is looked for. A ticket is taken out of the address, so that nobody behind this
 * reads it as a field, writes it down or passes it on; so ask once for each request. A cookie counts only where no other credential is, for a page
 * cannot keep it back. Throws UNAUTHENTICATED for what is there and is none, and for more than one.
 */
export function credentialOf(
  request: ShowingRequest,
  { cookie, pages }: CredentialPlaces,
): Credential | undefined {
  const tickets = takeTickets(request);
  const header = authorizationOf(request);
  const tokens = socketTokens(request);
  const shown = (header === undefined ? 0 : 1) + tickets.length + tokens.length;
  if (shown > 1) throw credentialRefused('there are several credentials');
  const [ticket] = tickets;
  if (ticket !== undefined) {
    if (request.method !== 'GET') throw credentialRefused('a ticket is for GET and for WebSockets');
    return { kind: 'ticket', ticket, shownBy: request };
  }
  if (header !== undefined) return credentialOfText(header);
  const [token] = tokens;
  if (token !== undefined) return { kind: 'token', token };
  const found = cookie === undefined ? undefined : cookieToken(request, cookie, pages);
  return found && { kind: 'cookie', ...found };
}

function authorizationOf({ rawHeaders }: ShowingRequest): string | undefined {
  let found: string | undefined;
  // Not `headers`: Node keeps the first of two, and a proxy may have looked at the second.
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    const name = rawHeaders[at] as string;
    if (name.length !== AUTHORIZATION.length || name.toLowerCase() !== AUTHORIZATION) continue;
    if (found !== undefined) throw credentialRefused('there are several authorization headers');
    found = rawHeaders[at + 1] as string;
  }
  return found;
}

/** The same of the metadata that a call of a session says itself. */
export function credentialOfMetadata(metadata: Metadata): TokenCredential | undefined {
  const values = metadata.filter(([name]) => name === AUTHORIZATION).map(([, value]) => value);
  const [value] = values;
  if (values.length > 1) throw credentialRefused('there are several values of authorization');
  return value === undefined ? undefined : credentialOfText(value);
}

function credentialOfText(text: string): TokenCredential {
  const token = BEARER.exec(text.trim())?.[1];
  if (token === undefined) throw credentialRefused('authorization is not "Bearer" and a token');
  return { kind: 'token', token };
}
