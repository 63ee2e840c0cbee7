import type { Metadata } from './session-frame.js';

/** Metadata that travels under its own name as an HTTP header (PROTOCOL.md, section 3). All other names get a prefix. */
const UNPREFIXED_HEADERS: readonly string[] = [
  'authorization',
  'x-request-id',
  'traceparent',
  'tracestate',
  'baggage',
];

/** The prefix of an escaped event id (PROTOCOL.md, section 6). */
const ESCAPE_PREFIX = '~=';

/** The request headers that carry this metadata to the service. */
export function headersFromMetadata(metadata: Metadata): Record<string, string> {
  return Object.fromEntries(
    Object.entries(metadata).map(([name, value]) => [
      UNPREFIXED_HEADERS.includes(name.toLowerCase()) ? name : `grpc-metadata-${name}`,
      value,
    ]),
  );
}

/** The metadata in response headers with this prefix. Several values of a "-bin" name are joined by ",", as in sessions. */
export function metadataFromHeaders(headers: Headers, prefix: string): Metadata {
  return Object.fromEntries(
    [...headers]
      .filter(([name]) => name.startsWith(prefix))
      .map(([name, value]) => [
        name.slice(prefix.length),
        name.endsWith('-bin') ? value.replaceAll(', ', ',') : value,
      ]),
  );
}

/** The event id of a cursor: escaped if HTTP could not carry the cursor as it is, or if it only looks like one of the gateway's own (PROTOCOL.md, section 22). */
export function idFromCursor(cursor: string): string {
  if (/^(|~([\w-]+\.\d+|earliest|now)|[!-}]([ -~]*[!-~])?)$/.test(cursor)) return cursor;
  return ESCAPE_PREFIX + encodeURIComponent(cursor);
}

/** The cursor of an event id. */
export function cursorFromId(id: string): string {
  return id.startsWith(ESCAPE_PREFIX) ? decodeURIComponent(id.slice(ESCAPE_PREFIX.length)) : id;
}
