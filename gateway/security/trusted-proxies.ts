import { BlockList, isIPv4, isIPv6 } from 'node:net';
import { normalAddress } from './ip-address.js';

/** Bits in front of an IPv4 address that is written inside IPv6. */
const MAPPED_BITS = 96;

/**
 * The proxies whose word on the client counts: addresses and networks (`10.0.0.0/8`, `fd00::/8`). None of them may be reached by others
 * than clients through them, or clients write what they like. Throws a TypeError that names what is no address.
 */
export class TrustedProxies {
  readonly #list = new BlockList();
  readonly #isEmpty: boolean;

  constructor(entries: readonly string[]) {
    this.#isEmpty = entries.length === 0;
    for (const entry of entries) this.#add(entry);
  }

  /** Takes an address as `normalAddress` gives it. */
  has(address: string): boolean {
    if (this.#isEmpty) return false;
    if (isIPv4(address)) return this.#list.check(address, 'ipv4');
    return isIPv6(address) && this.#list.check(address, 'ipv6');
  }

  #add(entry: string): void {
    const [text = '', bits, ...more] = entry.split('/');
    const address = text.includes('%') ? undefined : normalAddress(text);
    if (address === undefined || more.length > 0) throw wrong(entry);
    const family = isIPv4(address) ? 'ipv4' : 'ipv6';
    if (bits === undefined) {
      this.#list.addAddress(address, family);
      return;
    }
    // `::ffff:10.0.0.0/104` is `10.0.0.0/8`.
    const given = Number(bits) - (family === 'ipv4' && text.includes(':') ? MAPPED_BITS : 0);
    if (!/^\d{1,3}$/.test(bits) || given < 0 || given > (family === 'ipv4' ? 32 : 128)) throw wrong(entry);
    this.#list.addSubnet(address, given, family);
  }
}

function wrong(entry: string): TypeError {
  return new TypeError(
    `trusted proxy ${JSON.stringify(entry)}: write an address or a network, like 10.1.2.3, 10.0.0.0/8 or fd00::/8`,
  );
}
