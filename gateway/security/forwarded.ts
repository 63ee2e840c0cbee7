/** What one proxy says of the request that it got. */
export interface ForwardedElement {
  /** As it stands there: an address, `unknown` or a hidden name, perhaps with a port. */
  readonly for: string | undefined;
  readonly proto: string | undefined;
  readonly host: string | undefined;
}

/** One `name=value` and what follows it. More is taken as a value than a token allows: `for=1.2.3.4:80` is often not quoted. */
const PAIR = /[ \t]*([!#$%&'*+.^_`|~\w-]+)=(?:"((?:[^"\\]|\\.)*)"|([^\s",;]+))[ \t]*([,;]|$)/y;
const NOTHING = /[ \t]*(?:([,;])|$)/y;

/**
 * The elements of a `Forwarded` header, the nearest proxy last. None when it is malformed: nobody can say then who wrote which part of it. Source:
 * RFC 7239 section 4.
 */
export function forwardedElements(header: string): readonly ForwardedElement[] {
  const elements: ForwardedElement[] = [];
  let pairs = new Map<string, string>();
  let at = 0;
  const close = () => {
    if (pairs.size > 0)
      elements.push({ for: pairs.get('for'), proto: pairs.get('proto'), host: pairs.get('host') });
    pairs = new Map();
  };
  while (at < header.length) {
    NOTHING.lastIndex = at;
    const nothing = NOTHING.exec(header);
    PAIR.lastIndex = at;
    const pair = nothing ?? PAIR.exec(header);
    if (pair === null) return [];
    at += pair[0].length;
    if (nothing === null) {
      const name = (pair[1] as string).toLowerCase();
      // The same parameter twice in one element is malformed.
      if (pairs.has(name)) return [];
      pairs.set(name, pair[2]?.replace(/\\(.)/g, '$1') ?? (pair[3] as string));
    }
    if ((nothing === null ? pair[4] : pair[1]) !== ';') close();
  }
  close();
  return elements;
}

/** The members of a header that is a list without quotes, as `X-Forwarded-For` is; the nearest proxy's last. */
export function listMembers(header: string): readonly string[] {
  return header
    .split(',')
    .map((member) => member.trim())
    .filter((member) => member !== '');
}
