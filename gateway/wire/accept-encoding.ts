/** More codings than any client names; the rest of a hostile header is not looked at. */
const MAX_CODINGS = 16;

const WEIGHT = /^(?:0(?:\.\d{0,3})?|1(?:\.0{0,3})?)$/;

/** What an Accept-Encoding header says, by coding. */
function weights(header: string): ReadonlyMap<string, number> {
  const found = new Map<string, number>();
  for (const part of header.split(',', MAX_CODINGS)) {
    const [coding = '', ...parameters] = part.split(';').map((piece) => piece.trim().toLowerCase());
    const weight = parameters.find((parameter) => parameter.startsWith('q='))?.slice(2) ?? '1';
    // Recipients take the x- form for the same. Source: RFC 9110 section 8.4.1.3.
    if (coding !== '')
      found.set(coding === 'x-gzip' ? 'gzip' : coding, WEIGHT.test(weight) ? Number(weight) : 0);
  }
  return found;
}

/**
 * The coding to answer with: of `offered` (best first) the one that the Accept-Encoding header likes most, between equals the first of
 * `offered`; `undefined` for none at all. Nothing is encoded for who sends no header, or likes `identity` more. Where the client refuses all there
 * is, the answer has no coding. Source: RFC 9110 section 12.5.3.
 */
export function chooseCoding<Coding extends string>(
  header: string | undefined,
  offered: readonly Coding[],
): Coding | undefined {
  if (header === undefined || header.trim() === '') return undefined;
  const wanted = weights(header);
  const others = wanted.get('*') ?? 0;
  let best: Coding | undefined;
  // What is equal to `identity` is smaller, and so better.
  let quality = Math.max(wanted.get('identity') ?? 0, Number.MIN_VALUE);
  for (const coding of offered) {
    const own = wanted.get(coding) ?? others;
    if (own < quality || (best !== undefined && own === quality)) continue;
    best = coding;
    quality = own;
  }
  return best;
}

/** Whether a Cache-Control header has `no-transform`. Source: RFC 9111 section 5.2.1.6. */
export function forbidsTransform(header: string | undefined): boolean {
  return header?.split(',').some((directive) => directive.trim().toLowerCase() === 'no-transform') === true;
}
