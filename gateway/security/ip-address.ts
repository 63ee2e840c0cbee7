import { isIPv4, isIPv6, SocketAddress } from 'node:net';

/** Longer than any address with its port, brackets and zone: what is longer is not looked at. */
const MAX_NODE_LENGTH = 128;

/** IPv4 clients as an IPv6 network's translator shows them. Source: RFC 6052 section 2.1. */
const TRANSLATED = '64:ff9b::';

/**
 * One spelling of an address: IPv4 as it is, IPv6 short and in lower case without its zone, an IPv4 address inside IPv6 (`::ffff:1.2.3.4`,
 * `64:ff9b::1.2.3.4`) as IPv4. `undefined` for what is no address. Never throws.
 */
export function normalAddress(text: string): string | undefined {
  if (isIPv4(text)) return text;
  if (text.length > MAX_NODE_LENGTH || !isIPv6(text)) return undefined;
  const zone = text.indexOf('%');
  const bare = zone === -1 ? text : text.slice(0, zone);
  const { address } = new SocketAddress({ address: bare, family: 'ipv6' });
  const mapped = address.slice(address.lastIndexOf(':') + 1);
  if (address.startsWith('::ffff:') && isIPv4(mapped)) return mapped;
  if (address.startsWith(TRANSLATED)) {
    const words = wordsOfIPv6(address);
    if (words[4] === 0 && words[5] === 0) return ipv4OfWords(words[6] as number, words[7] as number);
  }
  return address;
}

/**
 * What limits count as one client: an IPv4 address, or the /64 of an IPv6 one, of which every home and every phone has all the addresses.
 * Takes what `normalAddress` gives, and leaves anything else as it is.
 */
export function addressGroup(address: string): string {
  if (!address.includes(':') || !isIPv6(address)) return address;
  const network = wordsOfIPv6(address)
    .slice(0, 4)
    .map((word) => word.toString(16));
  return `${network.join(':')}::/64`;
}

/**
 * The address in one hop of `X-Forwarded-For` or `for=` of `Forwarded`: with or without a port, IPv6 with or without brackets. `undefined` for
 * `unknown`, for a hidden name (`_proxy`) and for garbage. Source: RFC 7239 section 6.
 */
export function addressOfNode(node: string): string | undefined {
  if (node.length > MAX_NODE_LENGTH) return undefined;
  const text = node.trim();
  const bracketed = /^\[([^\]]+)\](?::[\w.-]+)?$/.exec(text);
  if (bracketed !== null) {
    const inside = bracketed[1] as string;
    return isIPv6(inside) ? normalAddress(inside) : undefined;
  }
  const colon = text.indexOf(':');
  // More than one colon is IPv6, which has no port without brackets.
  const isWithPort = colon !== -1 && colon === text.lastIndexOf(':');
  return normalAddress(isWithPort ? text.slice(0, colon) : text);
}

/** The eight words of an IPv6 address as `SocketAddress` writes it. */
function wordsOfIPv6(address: string): number[] {
  const [head = '', tail] = address.split('::', 2);
  const before = wordsOfPart(head);
  const after = wordsOfPart(tail ?? '');
  const zeros = tail === undefined ? 0 : 8 - before.length - after.length;
  return [...before, ...new Array<number>(zeros).fill(0), ...after];
}

function wordsOfPart(part: string): number[] {
  if (part === '') return [];
  return part.split(':').flatMap((word) => {
    if (!word.includes('.')) return [Number.parseInt(word, 16)];
    const [a = 0, b = 0, c = 0, d = 0] = word.split('.').map(Number);
    return [a * 256 + b, c * 256 + d];
  });
}

function ipv4OfWords(high: number, low: number): string {
  return [high >> 8, high & 255, low >> 8, low & 255].join('.');
}
