import type { IncomingMessage } from 'node:http';
import { authorityOf } from '../security/index.js';

/**
 * For 180 days: long enough for a browser that comes now and then, and no year in which a certificate that is taken away locks everybody out. Subdomains are
 * not ours to speak for.
 */
const STRICT = 'max-age=15552000';

/** Addresses, for which it has no meaning (RFC 6797 section 8.1.1), and the names of this machine: it would hold for whatever else runs there without TLS. */
const NOT_FOR = /^(?:\[|\d+(?:\.\d+){3}(?::|$)|(?:[^:]*\.)?localhost\.?(?::|$))/i;

/** The `strict-transport-security` of an answer over TLS: the host is to be asked by TLS alone from now on. `undefined` where it must not be said. */
function strictTransport(request: IncomingMessage): string | undefined {
  const authority = authorityOf(request);
  return authority === undefined || NOT_FOR.test(authority) ? undefined : STRICT;
}

/** Says it in an answer, if it may be said. */
export function addStrictTransport(
  request: IncomingMessage,
  reply: { header(name: string, value: string): unknown },
): void {
  const value = strictTransport(request);
  if (value !== undefined) reply.header('strict-transport-security', value);
}
