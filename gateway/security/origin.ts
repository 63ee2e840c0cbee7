import type { IncomingMessage } from 'node:http';
import type { AllowedOrigins } from './allowed-origins.js';
import { requestSource } from './request-source.js';
import { authorityOf } from './served-hosts.js';
import type { TrustedProxies } from './trusted-proxies.js';

/** What of a request says whose page it is of. */
export type PageRequest = Pick<IncomingMessage, 'headers' | 'method' | 'url' | 'socket'>;

/** Whose pages may call. */
export interface PageRules {
  readonly allowOrigins: AllowedOrigins;
  readonly trustedProxies: TrustedProxies;
}

/**
 * Whether a page may open a WebSocket here. Browsers apply no same-origin rule to WebSockets, so we do: the origin must be
 * the host that was asked, or one that is allowed by name. Neither `Origin` nor `Sec-Fetch-Site` means not a browser, which could claim any.
 */
export function mayOpenSocket(request: IncomingMessage, rules: PageRules): boolean {
  const { origin, 'sec-fetch-site': site } = request.headers;
  if (origin !== undefined) return isOurs(origin, request, rules);
  return rules.allowOrigins.isAny || isOwnSite(site);
}

/**
 * Whether a page of another site may make this request, and that site is not allowed. For what has side effects and could be called by an image, a
 * link, a form or a frame, which need no preflight. `Origin` says it with every POST of a browser; `Sec-Fetch-Site` where we are reached by https or as
 * localhost; `Referer` unless the page keeps it back. A browser's GET with none of them may be anybody's. What is of the same site but
 * another origin is another program on another port. Source: https://www.w3.org/TR/fetch-metadata/
 */
export function isForeignSite(request: IncomingMessage, rules: PageRules): boolean {
  const { origin, referer, 'sec-fetch-site': site, 'user-agent': agent = '' } = request.headers;
  if (rules.allowOrigins.isAny) return false;
  if (origin !== undefined) return !isOurs(origin, request, rules);
  if (site !== undefined) return !isOwnSite(site);
  if (referer !== undefined) return !isOurs(originOf(referer), request, rules);
  const isReading = request.method === 'GET' || request.method === 'HEAD';
  return isReading && agent.startsWith('Mozilla/');
}

/**
 * Whether a cookie that came with this request may not count, because another site's page may have caused it. `Origin` is our own, or one that is allowed
 * by name: neither `*` nor `null` name anybody. Without it the browser must say that the page is of our own origin. A program that is no browser says
 * neither, and has no reason to use a cookie.
 */
export function isForeignCookie(request: PageRequest, rules: PageRules): boolean {
  const { origin, 'sec-fetch-site': site } = request.headers;
  if (site === 'cross-site') return true;
  if (origin === undefined) return site !== 'same-origin';
  return !rules.allowOrigins.names(origin) && !isOwnOrigin(origin, request, rules);
}

/** Whether a browser asks for this because its user typed the address in, or chose a bookmark; never of a WebSocket. */
export function isTypedIn({ method, headers }: PageRequest): boolean {
  if (method !== 'GET' || headers.origin !== undefined || headers.upgrade !== undefined) return false;
  return headers['sec-fetch-site'] === 'none';
}

/** A page of ours, or nobody's: an address that was typed in. */
function isOwnSite(site: string | string[] | undefined): boolean {
  return site === undefined || site === 'same-origin' || site === 'none';
}

/** The origin is allowed, or the host that was asked. */
function isOurs(origin: string, request: PageRequest, rules: PageRules): boolean {
  return rules.allowOrigins.has(origin) || isOwnOrigin(origin, request, rules);
}

/** The origin is the host that was asked. */
export function isOwnOrigin(
  origin: string,
  request: PageRequest,
  { trustedProxies }: Pick<PageRules, 'trustedProxies'>,
): boolean {
  const asked = requestSource(request, trustedProxies).host ?? authorityOf(request);
  if (asked === undefined || !/^https?:\/\//i.test(origin) || !URL.canParse(origin)) return false;
  const { protocol, host } = new URL(origin);
  const own = `${protocol}//${asked}`;
  return host !== '' && URL.canParse(own) && new URL(own).host === host;
}

/** "null" where there is none, as `Origin` has it. */
function originOf(address: string): string {
  return URL.canParse(address) ? new URL(address).origin : 'null';
}
