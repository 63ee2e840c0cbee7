/** One media range of an Accept header. */
interface MediaRange {
  readonly type: string;
  readonly subtype: string;
  readonly quality: number;
  readonly position: number;
}

/** More ranges than any client sends; the rest of a hostile header is not looked at. */
const MAX_RANGES = 32;

function parseRanges(header: string): MediaRange[] {
  return header
    .split(',', MAX_RANGES)
    .map((part, position): MediaRange | undefined => {
      const [range = '', ...parameters] = part.split(';').map((piece) => piece.trim().toLowerCase());
      const [type, subtype] = range.split('/');
      if (!type || !subtype) return undefined;
      const weight = parameters.find((parameter) => parameter.startsWith('q='))?.slice(2);
      const quality =
        weight === undefined ? 1 : /^(0(\.\d{0,3})?|1(\.0{0,3})?)$/.test(weight) ? Number(weight) : 0;
      return { type, subtype, quality, position };
    })
    .filter((range) => range !== undefined);
}

function specificity(range: MediaRange): number {
  return range.type === '*' ? 0 : range.subtype === '*' ? 1 : 2;
}

/**
 * The media type to answer with: of `offered` (best default first) the one that the Accept header likes most;
 * `undefined` when it allows none. Between equals what the header names first wins, then what is offered first.
 * No header accepts everything. Parameters other than `q` are not compared. Source: RFC 9110 section 12.5.1.
 */
export function chooseMediaType<Type extends string>(
  header: string | undefined,
  offered: readonly Type[],
): Type | undefined {
  if (header === undefined || header.trim() === '') return offered[0];
  const ranges = parseRanges(header);
  let best: { type: Type; quality: number; rank: number } | undefined;
  for (const type of offered) {
    const [major, minor] = type.split('/');
    const match = ranges
      .filter(
        (range) =>
          (range.type === '*' && range.subtype === '*') ||
          (range.type === major && (range.subtype === '*' || range.subtype === minor)),
      )
      .sort((a, b) => specificity(b) - specificity(a))[0];
    if (match === undefined || match.quality === 0) continue;
    // A wildcard says nothing about order: what it covers keeps the order of `offered`, behind what is named.
    const rank = specificity(match) === 2 ? match.position : MAX_RANGES;
    if (!best || match.quality > best.quality || (match.quality === best.quality && rank < best.rank)) {
      best = { type, quality: match.quality, rank };
    }
  }
  return best?.type;
}

/** Whether the header names this type itself, not only through a wildcard, and does not refuse it. */
export function namesMediaType(header: string | undefined, mediaType: string): boolean {
  return parseRanges(header ?? '').some(
    (range) => `${range.type}/${range.subtype}` === mediaType && range.quality > 0,
  );
}

/** Whether the header allows this type and nothing else, as an `EventSource` does. */
export function namesOnly(header: string | undefined, mediaType: string): boolean {
  const ranges = parseRanges(header ?? '').filter((range) => range.quality > 0);
  return ranges.length > 0 && ranges.every((range) => `${range.type}/${range.subtype}` === mediaType);
}

/** The type of a Content-Type header without parameters, in lower case; `undefined` when there is none. */
export function mediaTypeOf(contentType: string | undefined): string | undefined {
  if (contentType === undefined) return undefined;
  if (contentType === last.text) return last.type;
  const read = contentType.split(';', 1)[0]?.trim().toLowerCase();
  const type = read === '' ? undefined : read;
  if (contentType.length <= MAX_REMEMBERED_LENGTH) last = { text: contentType, type };
  return type;
}

/** Most requests have the type of the one before, and several ask for it of each. */
const MAX_REMEMBERED_LENGTH = 256;
let last: { readonly text: string; readonly type: string | undefined } = { text: '', type: undefined };
