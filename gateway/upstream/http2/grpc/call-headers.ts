import { type Metadata, MetadataBlock } from '../../../status/index.js';
import { isReservedName } from '../../reserved-names.js';
import { CommonFields, type HeaderField, type RawHeaders } from '../h2/index.js';
import { formatGrpcTimeout } from './timeout-header.js';

/** Methods whose headers are kept; a schema has fewer. */
const MAX_METHODS = 1_000;

/** What the request headers of every call of a method begin with, made once a method. Source: grpc/doc/PROTOCOL-HTTP2.md, "Requests". */
export class MethodHeaders {
  readonly #scheme: 'http' | 'https';
  readonly #authority: string;
  readonly #kept = new Map<string, CommonFields>();

  constructor(scheme: 'http' | 'https', authority: string) {
    this.#scheme = scheme;
    this.#authority = authority;
  }

  of(method: string): CommonFields {
    const kept = this.#kept.get(method);
    if (kept !== undefined) return kept;
    const common = new CommonFields([
      [':method', 'POST'],
      [':scheme', this.#scheme],
      [':path', method],
      [':authority', this.#authority],
      ['te', 'trailers'],
      ['content-type', 'application/grpc'],
      ['user-agent', 'sluice'],
      ['grpc-accept-encoding', 'identity,gzip,deflate'],
    ]);
    if (this.#kept.size < MAX_METHODS) this.#kept.set(method, common);
    return common;
  }
}

/**
 * The request headers of one call, behind those of its method: its deadline (epoch milliseconds) and its metadata, whose names and values have been
 * checked.
 */
export function ownHeaders(metadata: Metadata, deadline: number | undefined): HeaderField[] {
  const fields: HeaderField[] = [];
  const timeout = deadline === undefined ? undefined : formatGrpcTimeout(deadline - Date.now());
  if (timeout !== undefined) fields.push(['grpc-timeout', timeout]);
  for (const pair of metadata) {
    const [name, value] = pair;
    // Senders leave the padding out, receivers take both.
    fields.push(name.endsWith('-bin') ? [name, withoutPadding(value)] : pair);
  }
  return fields;
}

function withoutPadding(base64: string): string {
  let end = base64.length;
  while (base64[end - 1] === '=') end -= 1;
  return base64.slice(0, end);
}

function padded(base64: string): string {
  return Buffer.from(base64.trim(), 'base64').toString('base64');
}

/** The first value of a name. */
export function firstValue(raw: RawHeaders, name: string): string | undefined {
  for (let at = 0; at < raw.length; at += 2) if (raw[at] === name) return raw[at + 1];
  return undefined;
}

/** The application's metadata of a header block, as much of it as may travel: binary values one by one, with padding. */
export function pairsFromRaw(raw: RawHeaders): Metadata {
  const block = new MetadataBlock();
  for (let at = 0; at + 1 < raw.length && !block.isOver; at += 2) {
    const name = raw[at] as string;
    const value = raw[at + 1] as string;
    if (isReservedName(name)) continue;
    if (name.endsWith('-bin')) block.addJoined(name, value, padded);
    else block.add(name, value);
  }
  return block.pairs;
}
