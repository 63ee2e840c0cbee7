import type { IncomingHttpHeaders } from 'node:http';

/**
 * Whether a page may open a WebSocket here. Browsers apply no same-origin rule to WebSockets, so we do: the origin must be
 * the host that was asked, or one that is allowed by name. No origin means not a browser, which could claim any.
 */
export function isOriginAllowed(headers: IncomingHttpHeaders, allowed: readonly string[]): boolean {
  const { origin, host } = headers;
  if (origin === undefined) return true;
  if (allowed.includes('*') || allowed.includes(origin.toLowerCase())) return true;
  try {
    return host !== undefined && new URL(origin).host === host.toLowerCase();
  } catch {
    // "null", as sandboxed frames and local files send.
    return false;
  }
}

/**
 * Whether a browser says that another site makes this request, and that site is not allowed. For what has side effects and could
 * be called by an image, a link or a form, which need no preflight. `Sec-Fetch-Site` says it where browsers send it; `Origin`
 * comes with every POST. Source: https://www.w3.org/TR/fetch-metadata/
 */
export function isForeignSite(headers: IncomingHttpHeaders, allowed: readonly string[]): boolean {
  if (!isOriginAllowed(headers, allowed)) return true;
  return headers['sec-fetch-site'] === 'cross-site' && headers.origin === undefined && !allowed.includes('*');
}
