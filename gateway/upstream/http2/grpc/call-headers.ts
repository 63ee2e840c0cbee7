import { type Metadata, MetadataBlock } from '../../../status/index.js';
import { isReservedName } from '../../reserved-names.js';
import type { HeaderField, RawHeaders } from '../h2/index.js';
import { formatGrpcTimeout } from './timeout-header.js';

export interface RequestHead {
  readonly scheme: 'http' | 'https';
  readonly authority: string;
  readonly method: string;
  /** Names and values have been checked. */
  readonly metadata: Metadata;
  /** Epoch milliseconds. */
  readonly deadline: number | undefined;
}

/** The request headers of a call. Source: grpc/doc/PROTOCOL-HTTP2.md, "Requests". */
export function requestHeaders(head: RequestHead): HeaderField[] {
  // What comes again in every call stands first: see `HeaderEncoder`.
  const fields: HeaderField[] = [
    [':method', 'POST'],
    [':scheme', head.scheme],
    [':path', head.method],
    [':authority', head.authority],
    ['te', 'trailers'],
    ['content-type', 'application/grpc'],
    ['user-agent', 'sluice'],
    ['grpc-accept-encoding', 'identity,gzip,deflate'],
  ];
  const timeout = head.deadline === undefined ? undefined : formatGrpcTimeout(head.deadline - Date.now());
  if (timeout !== undefined) fields.push(['grpc-timeout', timeout]);
  for (const [name, value] of head.metadata) {
    // Senders leave the padding out, receivers take both.
    fields.push([name, name.endsWith('-bin') ? withoutPadding(value) : value]);
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
