import type { OutgoingHttpHeaders } from 'node:http';
import { MAX_METADATA_BYTES, MAX_METADATA_PAIRS, type Metadata } from '../../status/index.js';
import { isReservedName } from '../../upstream/index.js';

/** Header lines that one answer has of metadata and trailers. Python's clients refuse more than 100 in all; ours are at most 25. */
const MAX_HEADER_LINES = 75;

const MAX_NAMED = 10;

/** What may stand in a header value. Source: RFC 9110 section 5.5. */
const VALUE = /^[\t -~]*$/;

/** What of one block of metadata a client is given. */
export interface PassedOn {
  readonly pairs: Metadata;
  /** The names of what is left out, ten of them at most: they are for the log. */
  readonly leftOut: readonly string[];
}

/** What of one block of metadata is passed on, within the bounds of `status/metadata-bounds.ts`. */
export function passedOn(metadata: Metadata): PassedOn {
  return within(metadata, 0, () => true);
}

function within(metadata: Metadata, prefixBytes: number, fits: (value: string) => boolean): PassedOn {
  const pairs: [string, string][] = [];
  const leftOut = new Set<string>();
  let bytes = 0;
  for (const [name, value] of metadata) {
    if (isReservedName(name)) continue;
    bytes += prefixBytes + name.length + value.length;
    if (fits(value) && bytes <= MAX_METADATA_BYTES && pairs.length < MAX_METADATA_PAIRS)
      pairs.push([name, value]);
    else leftOut.add(name);
  }
  return { pairs, leftOut: named(leftOut) };
}

function named(names: ReadonlySet<string>): string[] {
  return [...names].slice(0, MAX_NAMED);
}

/** Metadata and trailers as headers of one answer. */
export interface MetadataHeaders {
  readonly headers: OutgoingHttpHeaders;
  /** As in `PassedOn`; also what is no header value. */
  readonly leftOut: readonly string[];
}

const NOTHING: MetadataHeaders = { headers: Object.freeze({}), leftOut: [] };

/** What stands before the names of metadata, and before those of trailers, in the gateway's own answers. */
const OWN_PREFIXES = ['grpc-metadata-', 'grpc-trailer-'] as const;

/**
 * Metadata and trailers as headers, each with its own prefix before the names. The values of one `-bin` name are one header, joined by ", " as
 * HTTP joins them.
 */
export function metadataHeaders(
  metadata: Metadata,
  trailers: Metadata,
  [ofMetadata, ofTrailers]: readonly [string, string] = OWN_PREFIXES,
): MetadataHeaders {
  if (metadata.length === 0 && trailers.length === 0) return NOTHING;
  const headers: Record<string, string[]> = Object.create(null);
  const leftOut = new Set<string>();
  let lines = 0;
  for (const [prefix, block] of [
    [ofMetadata, metadata],
    [ofTrailers, trailers],
  ] as const) {
    const passed = within(block, prefix.length, (value) => VALUE.test(value));
    for (const name of passed.leftOut) leftOut.add(name);
    for (const [name, values] of byName(passed.pairs)) {
      const room = MAX_HEADER_LINES - lines;
      if (values.length > room) leftOut.add(name);
      if (room === 0) continue;
      headers[prefix + name] = values.slice(0, room);
      lines += Math.min(values.length, room);
    }
  }
  return { headers, leftOut: named(leftOut) };
}

/** The values of each name as lines. */
function byName(pairs: Metadata): Map<string, string[]> {
  const lines = new Map<string, string[]>();
  for (const [name, value] of pairs) {
    const before = lines.get(name);
    if (before === undefined) lines.set(name, [value]);
    else before.push(value);
  }
  for (const [name, values] of lines) if (name.endsWith('-bin')) lines.set(name, [values.join(', ')]);
  return lines;
}

/** Trailers as JSON: name to value, or to an array of values when the name occurs more than once. */
export function trailersJson(pairs: Metadata): Record<string, string | string[]> {
  const json: Record<string, string | string[]> = Object.create(null);
  for (const [name, value] of pairs) {
    const before = json[name];
    if (before === undefined) json[name] = value;
    else if (Array.isArray(before)) before.push(value);
    else json[name] = [before, value];
  }
  return json;
}
