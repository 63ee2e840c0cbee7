/** Ids that begin with this are ours; everything else is a cursor of the service, as it is. */
const RESERVED = '~';
const END = '~end';
const ESCAPED = '~=';

/**
 * The SSE id of a cursor. One that begins with `~`, or holds anything but printable ASCII (an id travels back in a
 * header), becomes `~=` and its percent-encoding.
 */
export function idFromCursor(cursor: string): string {
  if (!cursor.startsWith(RESERVED) && /^[ -~]*$/.test(cursor) && cursor.trim() === cursor) return cursor;
  return ESCAPED + encodeURIComponent(cursor.toWellFormed());
}

/** The id of the event that ends a stream for good. */
export function endId(lastId: string | undefined): string {
  return lastId === undefined || lastId === '' ? END : `${END}:${lastId}`;
}

/** What a client sent as its last event id. */
export type LastEventId =
  | { readonly kind: 'none' }
  /** It has seen the end: do not start again. */
  | { readonly kind: 'ended' }
  /** Continue after this. */
  | { readonly kind: 'cursor'; readonly cursor: string }
  /** Begins like one of ours and is none. */
  | { readonly kind: 'invalid' };

/** Reads a `Last-Event-ID`. An empty one is none: that is how `EventSource` resets it. */
export function parseLastEventId(id: string | undefined): LastEventId {
  if (id === undefined || id === '') return { kind: 'none' };
  if (id.startsWith(END)) return { kind: 'ended' };
  if (!id.startsWith(RESERVED)) return { kind: 'cursor', cursor: id };
  if (!id.startsWith(ESCAPED)) return { kind: 'invalid' };
  try {
    return { kind: 'cursor', cursor: decodeURIComponent(id.slice(ESCAPED.length)) };
  } catch {
    return { kind: 'invalid' };
  }
}
