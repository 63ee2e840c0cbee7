import type { IncomingMessage } from 'node:http';
import type { AllowedOrigins } from './allowed-origins.js';
import { requestSource } from './request-source.js';
import { authorityOf } from './served-hosts.js';
import type { TrustedProxies } from './trusted-proxies.js';

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

/** A page of ours, or nobody's: an address that was typed in. */
function isOwnSite(site: string | string[] | undefined): boolean {
  return site === undefined || site === 'same-origin' || site === 'none';
}

/** The origin is allowed, or the host that was asked. */
function isOurs(
  origin: string,
  request: IncomingMessage,
  { allowOrigins, trustedProxies }: PageRules,
): boolean {
  if (allowOrigins.has(origin)) return true;
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
