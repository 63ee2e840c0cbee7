/** Ids that begin with this are ours; everything else is a cursor of the service, as it is. */
const RESERVED = '~';
const END = '~end';
const ESCAPED = '~=';

/**
 * The longest id that a client may send, in characters. Longer ones are refused: a cursor is a position and no document, and an id has to fit
 * into the head of a request.
 */
export const MAX_EVENT_ID_LENGTH = 4_096;

/** The id of a message of a recording. Neither part may have leading zeros more than one spelling of a number needs: equal ids are equal texts. */
const RECORDED = /^~([\w-]{8,64})\.(0|[1-9]\d{0,14})$/;

/** Control characters, which no id of ours has. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const CONTROL = /[\x00-\x1f\x7f]/;

/**
 * The SSE id of a cursor. One that begins with `~`, or holds anything but printable ASCII (an id travels back in a
 * header), becomes `~=` and its percent-encoding.
 */
export function idFromCursor(cursor: string): string {
  if (!cursor.startsWith(RESERVED) && /^[ -~]*$/.test(cursor) && cursor.trim() === cursor) return cursor;
  return ESCAPED + encodeURIComponent(cursor.toWellFormed());
}

/** The cursor of an id; ids that are not escaped are as they are. */
export function cursorFromId(id: string): string {
  if (!id.startsWith(ESCAPED)) return id;
  try {
    return decodeURIComponent(id.slice(ESCAPED.length));
  } catch {
    return id;
  }
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
  /** Continue after this message of a recording. */
  | { readonly kind: 'recorded'; readonly epoch: string; readonly seq: number }
  /** Of a recording, all that is kept, or only what comes from now on. */
  | { readonly kind: 'earliest' | 'now' }
  /** Begins like one of ours and is none, or cannot be an id at all. */
  | { readonly kind: 'invalid'; readonly problem: string };

/** Reads a `Last-Event-ID`. An empty one is none: that is how `EventSource` resets it. */
export function parseLastEventId(id: string | undefined): LastEventId {
  if (id === undefined || id === '') return { kind: 'none' };
  if (id.length > MAX_EVENT_ID_LENGTH)
    return { kind: 'invalid', problem: `longer than ${MAX_EVENT_ID_LENGTH} characters` };
  if (CONTROL.test(id)) return { kind: 'invalid', problem: 'has a control character' };
  if (id.startsWith(END)) return { kind: 'ended' };
  if (!id.startsWith(RESERVED)) return { kind: 'cursor', cursor: id };
  if (id === '~earliest') return { kind: 'earliest' };
  if (id === '~now') return { kind: 'now' };
  const [, epoch, seq] = RECORDED.exec(id) ?? [];
  if (epoch !== undefined && seq !== undefined) return { kind: 'recorded', epoch, seq: Number(seq) };
  const foreign = { kind: 'invalid', problem: 'not an id of this stream' } as const;
  if (!id.startsWith(ESCAPED)) return foreign;
  try {
    const cursor = decodeURIComponent(id.slice(ESCAPED.length));
    return cursor === '' ? { kind: 'none' } : { kind: 'cursor', cursor };
  } catch {
    return foreign;
  }
}
