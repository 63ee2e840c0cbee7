import { isForeignCookie, isTypedIn, type PageRequest, type PageRules } from '../origin.js';
import { credentialRefused } from './refused-credential.js';

/** A token in a cookie, which a browser sends whether its page wants that or not. */
export interface CookieToken {
  readonly token: string;
  /** Nobody's page has asked for this, an address was typed in: it counts only for what has no side effects. */
  readonly isSafeOnly: boolean;
}

/**
 * The token in a cookie of this name, where the request is of a page that may use it: otherwise the cookie is as if it were not there, because a browser
 * sends it whoever asks. An empty one is none. Throws UNAUTHENTICATED for several, and for one that can be no token.
 */
export function cookieToken(request: PageRequest, name: string, pages: PageRules): CookieToken | undefined {
  const { cookie } = request.headers;
  if (cookie === undefined || !cookie.includes(name)) return undefined;
  const values = cookie.split(';').map(cookieValue(name));
  const found = values.filter((value) => value !== undefined && value !== '');
  const [token] = found;
  if (token === undefined) return undefined;
  const isSafeOnly = isTypedIn(request);
  if (!isSafeOnly && isForeignCookie(request, pages)) return undefined;
  // Another program of the same site can set a second one: which of them a browser sends first says nothing.
  if (found.length > 1)
    throw credentialRefused(`there are several cookies of the name ${JSON.stringify(name)}`);
  if (!/^[!-~]+$/.test(token)) throw credentialRefused('the cookie is no token');
  return { token, isSafeOnly };
}

/** What a service would get as `cookie`, without that one; `undefined`: nothing is left. */
export function withoutCookie(cookies: string, name: string): string | undefined {
  if (!cookies.includes(name)) return cookies;
  const rest = cookies.split(';').filter((pair) => cookieValue(name)(pair) === undefined);
  return rest.length === 0 ? undefined : rest.join(';').trim();
}

/** Source: RFC 6265 section 4.2.1; quotes around a value belong to its form. */
function cookieValue(name: string): (pair: string) => string | undefined {
  return (pair) => {
    const equals = pair.indexOf('=');
    if (equals === -1 || pair.slice(0, equals).trim() !== name) return undefined;
    const value = pair.slice(equals + 1).trim();
    return value.length > 1 && value.startsWith('"') && value.endsWith('"') ? value.slice(1, -1) : value;
  };
}
