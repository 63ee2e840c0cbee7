import { isIPv6 } from 'node:net';
import { normalAddress } from './ip-address.js';

/** A host and perhaps a port, as a URL without user has them. Only what a browser sends: nothing percent-encoded, nothing beyond ASCII. */
const AUTHORITY = /^(\[[0-9A-Fa-f:.]+\]|[\w.-]{1,254})(?::\d{0,5})?$/;

/** The names that lead every browser to its own machine, whatever DNS says. Source: RFC 6761 section 6.3. */
const LOCAL_NAME = /^(?:.*[^.]\.)?localhost$/;

/**
 * The hosts that a listen address answers for. A page whose name is made to lead to our address (DNS rebinding) is of one origin with us for
 * its browser, so neither CORS nor `Origin` keeps it out; but the name stays in `Host`.
 */
export class ServedHosts {
  readonly #names: ReadonlySet<string>;
  /** ".example.com" for "*.example.com". */
  readonly #suffixes: readonly string[];
  readonly #isAny: boolean;
  /** No name is allowed. */
  readonly isEmpty: boolean;
  /** What was served last: nearly every request is for the same host. */
  #last:
    | {
        readonly authority: string;
        readonly localAddress: string | undefined;
        readonly isLoopback: boolean;
      }
    | undefined;

  /**
   * `allowed` as given to `--allow-host`: names, addresses, "*.example.com" for all names below one, "*" for every name. Throws a TypeError
   * that names what can never be a host.
   */
  constructor(allowed: readonly string[]) {
    const isPattern = (given: string) => given.startsWith('*.');
    this.#names = new Set(
      allowed.filter((given) => !isPattern(given) && given !== '*').map((given) => givenName(given)),
    );
    this.#suffixes = allowed.filter(isPattern).map((given) => `.${givenName(given.slice(2), given)}`);
    this.#isAny = allowed.includes('*');
    this.isEmpty = allowed.length === 0;
  }

  /**
   * Whether a request for this host (`Host`, or the one in an absolute target) is answered on a connection to `localAddress`. No host at all,
   * as HTTP/1.0 allows, is no browser's and names nobody else. The connection's own address as a number is always fine: probes use it, and no
   * DNS can lead there.
   */
  has(authority: string | undefined, localAddress: string | undefined, isLoopback: boolean): boolean {
    if (authority === undefined || this.#isAny || (this.isEmpty && !isLoopback)) return true;
    const last = this.#last;
    if (last?.authority === authority && last.localAddress === localAddress && last.isLoopback === isLoopback)
      return true;
    const isServed = this.#serves(authority, localAddress, isLoopback);
    if (isServed) this.#last = { authority, localAddress, isLoopback };
    return isServed;
  }

  #serves(authority: string, localAddress: string | undefined, isLoopback: boolean): boolean {
    const name = nameOfAuthority(authority);
    if (name === undefined) return false;
    const isBelow = (suffix: string) => name.endsWith(suffix) && name.length > suffix.length;
    if (this.#names.has(name) || this.#suffixes.some(isBelow)) return true;
    if (isLoopback && (LOCAL_NAME.test(name) || isLoopbackAddress(name))) return true;
    return localAddress !== undefined && normalAddress(localAddress) === name;
  }
}

/** Whether only this machine can reach an address; in the spelling of `normalAddress`. */
export function isLoopbackAddress(address: string): boolean {
  return address === '::1' || /^127(?:\.\d{1,3}){3}$/.test(address);
}

/**
 * The host and port that a request is for. The target's, where it has one, takes the place of `Host`. `undefined`: HTTP/1.0 without
 * either. Source: RFC 9112 section 3.2.2.
 */
export function authorityOf({
  url = '',
  headers,
}: {
  readonly url?: string | undefined;
  readonly headers: { readonly host?: string | undefined };
}): string | undefined {
  if (url.startsWith('/')) return headers.host;
  return /^[a-z][a-z\d+.-]*:\/\/([^/?#]*)/i.exec(url)?.[1] ?? headers.host;
}

/**
 * One spelling of the host: lower case, without its port and the dot of a full name; addresses as `normalAddress` writes them, also those
 * that a browser would read in an odd form (2130706433, 0x7f.1).
 */
function nameOfAuthority(authority: string): string | undefined {
  const host = AUTHORITY.exec(authority)?.[1];
  if (host === undefined) return undefined;
  if (host.startsWith('[')) return normalAddress(host.slice(1, -1));
  const name = host.toLowerCase().replace(/\.$/, '');
  // What ends in a digit, or in a hexadecimal number, is an address for browsers. Source: https://url.spec.whatwg.org/#ends-in-a-number-checker
  if (!/(?:^|\.)(?:\d+|0x[\da-f]*)$/.test(name)) return name;
  return URL.canParse(`http://${name}`) ? new URL(`http://${name}`).hostname : undefined;
}

function givenName(given: string, said = given): string {
  const name = nameOfAuthority(isIPv6(given) ? `[${given}]` : asciiName(given));
  // A port in it would look as if it counted.
  const hasPort = !isIPv6(given) && /:\d*$/.test(given.replace(/^\[.*\]/, ''));
  if (name === undefined || name === '' || hasPort || /^\.|\.\./.test(name)) {
    throw new TypeError(
      `allowed host ${JSON.stringify(said)}: write a name or an address, like app.example.com or 10.1.2.3, without scheme, port and path`,
    );
  }
  return name;
}

/** A name in letters of any language as it is on the wire. */
function asciiName(given: string): string {
  return /^[^\s/?#@\\:%[\]]+$/.test(given) && URL.canParse(`http://${given}`)
    ? new URL(`http://${given}`).hostname
    : given;
}
