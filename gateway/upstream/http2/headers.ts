import type { IncomingHttpHeaders, OutgoingHttpHeaders } from 'node:http2';
import type { Metadata } from '../../status/index.js';
import { isReservedName } from '../reserved-names.js';
import { formatGrpcTimeout } from './grpc-timeout.js';

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
export function requestHeaders(head: RequestHead): OutgoingHttpHeaders {
  const headers: OutgoingHttpHeaders = {
    ':method': 'POST',
    ':scheme': head.scheme,
    ':path': head.method,
    ':authority': head.authority,
    te: 'trailers',
    'content-type': 'application/grpc',
    'user-agent': 'sluice',
    'grpc-accept-encoding': 'identity,gzip,deflate',
  };
  const timeout = head.deadline === undefined ? undefined : formatGrpcTimeout(head.deadline - Date.now());
  if (timeout !== undefined) headers['grpc-timeout'] = timeout;
  for (const [name, given] of head.metadata) {
    // Senders leave the padding out, receivers take both.
    const value = name.endsWith('-bin') ? given.replace(/=+$/, '') : given;
    const before = Object.hasOwn(headers, name) ? headers[name] : undefined;
    const values =
      before === undefined ? value : [...(Array.isArray(before) ? before : [String(before)]), value];
    // Not an assignment, since "__proto__" is only a name.
    if (name === '__proto__')
      Object.defineProperty(headers, name, { value: values, enumerable: true, configurable: true });
    else headers[name] = values;
  }
  return headers;
}

/** A header block as it came: name, value, name, value. */
export type RawHeaders = readonly string[];

/** The first value of a name. */
export function firstValue(raw: RawHeaders, name: string): string | undefined {
  for (let at = 0; at < raw.length; at += 2) if (raw[at] === name) return raw[at + 1];
  return undefined;
}

/** The application's metadata of a header block: binary values one by one, with padding. */
export function pairsFromRaw(raw: RawHeaders): Metadata {
  const pairs: [string, string][] = [];
  for (let at = 0; at + 1 < raw.length; at += 2) {
    const name = raw[at] as string;
    const value = raw[at + 1] as string;
    if (isReservedName(name)) continue;
    if (!name.endsWith('-bin')) pairs.push([name, value]);
    else {
      for (const part of value.split(',')) {
        pairs.push([name, Buffer.from(part.trim(), 'base64').toString('base64')]);
      }
    }
  }
  return pairs;
}

/** A header block from Node's object, where the raw one is not given. */
export function rawFrom(headers: IncomingHttpHeaders): RawHeaders {
  return Object.entries(headers).flatMap(([name, value]) =>
    (Array.isArray(value) ? value : [value]).flatMap((one) => (one === undefined ? [] : [name, String(one)])),
  );
}
