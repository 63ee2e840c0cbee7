import type { OutgoingHttpHeaders } from 'node:http';
import type { Metadata } from '../status/index.js';
import { isReservedName } from '../upstream/index.js';

/** What of one block of metadata is passed on, in bytes of names and values: clients refuse larger heads. */
const MAX_METADATA_BYTES = 8 * 1024;

/** What may stand in a header value. Source: RFC 9110 section 5.5. */
const VALUE = /^[\t -~]*$/;

/** Metadata as response headers with a prefix. What does not fit, or cannot be a header, is left out; `onDropped` hears its name. */
export function metadataHeaders(
  prefix: 'grpc-metadata-' | 'grpc-trailer-',
  metadata: Metadata,
  onDropped: (name: string) => void,
): OutgoingHttpHeaders {
  const headers: Record<string, string[]> = Object.create(null);
  let bytes = 0;
  for (const [name, value] of metadata) {
    if (isReservedName(name)) continue;
    bytes += prefix.length + name.length + value.length;
    if (!VALUE.test(value) || bytes > MAX_METADATA_BYTES) {
      onDropped(name);
      continue;
    }
    const header = prefix + name;
    headers[header] = [...(headers[header] ?? []), value];
  }
  return headers;
}

/** Trailers as JSON: name to value, or to an array of values when the name occurs more than once. */
export function trailersJson(metadata: Metadata): Record<string, string | string[]> {
  const json: Record<string, string | string[]> = Object.create(null);
  for (const [name, value] of metadata) {
    if (isReservedName(name)) continue;
    const before = json[name];
    json[name] = before === undefined ? value : [...(Array.isArray(before) ? before : [before]), value];
  }
  return json;
}

/** What of one block of metadata is passed on where it does not become headers; `onDropped` hears the name of what is too much. */
export function passedOn(metadata: Metadata, onDropped: (name: string) => void): Metadata {
  let bytes = 0;
  return metadata.filter(([name, value]) => {
    if (isReservedName(name)) return false;
    bytes += name.length + value.length;
    if (bytes > MAX_METADATA_BYTES) onDropped(name);
    return bytes <= MAX_METADATA_BYTES;
  });
}
