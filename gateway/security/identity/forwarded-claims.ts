import type { Metadata } from '../../status/index.js';
import { type Claims, claimAt } from './claim.js';
import type { Principal } from './principal.js';

/** The longest value that travels, in characters; a longer one would take the room of the client's own metadata. */
export const MAX_CLAIM_LENGTH = 2_048;

/** Text that arrives as it was sent: printable ASCII, no space at its ends, which HTTP takes away. */
const SAFE_TEXT = /^[!-~](?:[ -~]*[!-~])?$/;

/** What has bytes in place of text. */
const BINARY = '-bin';

interface Forwarded {
  readonly claim: string;
  readonly name: string;
}

/**
 * Claims of a principal as metadata. What a client says under one of these names, or under one that a service may take for it, is left out first, for
 * everybody. A claim that cannot be said safely is left out as well, and told to `onLeftOut`.
 */
export class ForwardedClaims {
  readonly #forwarded: readonly Forwarded[];
  readonly #names: ReadonlySet<string>;
  readonly #onLeftOut: (claim: string, problem: string) => void;

  /** `forward`: the name of the metadata, in lower case, by that of the claim. */
  constructor(
    forward: Readonly<Record<string, string>>,
    onLeftOut: (claim: string, problem: string) => void = () => {},
  ) {
    this.#forwarded = Object.entries(forward).map(([claim, name]) => ({ claim, name }));
    this.#names = new Set(this.#forwarded.map(({ name }) => likeness(name)));
    this.#onLeftOut = onLeftOut;
  }

  tell(given: Metadata, principal: Principal): Metadata {
    const isOurs = ([name]: readonly [string, string]) => this.#names.has(likeness(name));
    const rest = given.some(isOurs) ? given.filter((pair) => !isOurs(pair)) : given;
    return principal.isAnonymous ? rest : [...rest, ...this.#pairs(principal.claims)];
  }

  #pairs(claims: Claims): Metadata {
    const pairs: [string, string][] = [];
    for (const { claim, name } of this.#forwarded) {
      const text = textOf(claimAt(claims, claim));
      if (text === undefined) continue;
      const isBinary = name.endsWith(BINARY);
      const value = isBinary ? Buffer.from(text).toString('base64') : text;
      if (value.length > MAX_CLAIM_LENGTH)
        this.#onLeftOut(claim, `longer than ${MAX_CLAIM_LENGTH} characters`);
      else if (isBinary || SAFE_TEXT.test(value)) pairs.push([name, value]);
      else this.#onLeftOut(claim, `not printable ASCII: forward it to a name that ends in ${BINARY}`);
    }
    return pairs;
  }
}

/** A text as it is, everything else as JSON; nothing for what is not there. */
function textOf(claim: unknown): string | undefined {
  if (claim === undefined || claim === null || claim === '') return undefined;
  return typeof claim === 'string' ? claim : JSON.stringify(claim);
}

/** Frameworks after CGI take `x_user.id` and `x-user-id` for the same, and a client may say a text as bytes. */
export function likeness(name: string): string {
  const text = name.toLowerCase().replace(/[_.]/g, '-');
  return text.endsWith(BINARY) ? text.slice(0, -BINARY.length) : text;
}
