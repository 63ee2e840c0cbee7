import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { Metadata } from '../status/index.js';
import { peerOf, type RequestSource, requestSource } from './request-source.js';
import { authorityOf } from './served-hosts.js';
import type { TrustedProxies } from './trusted-proxies.js';

/** A host and perhaps a port that mean the same in a header, an address and a log. */
const HOST = /^(?:\[[0-9A-Fa-f:.]{2,45}\]|[\w.-]{1,254})(?::\d{1,5})?$/;

/** Text that may stand in metadata, and no more of it than a chain of proxies writes. */
const LIST = /^[\x20-\x7e]{1,2048}$/;

/** A token of RFC 9110, which needs no quotes. */
const TOKEN = /^[!#$%&'*+.^_`|~\w-]+$/;

const TOLD = Symbol('what was last told of it');
type Told = Socket & {
  [TOLD]?: {
    readonly peer: RequestSource;
    readonly authority: string | undefined;
    readonly metadata: Metadata;
  };
};

/**
 * What the service is told of where a request comes from: `x-forwarded-for`, `-proto`, `-host` and `forwarded`. What the client sent of them counts
 * only from a trusted proxy, with our own peer added; where a proxy sends both kinds, only what `requestSource` makes of them goes on, because
 * most proxies write one kind and pass the other on as the client wrote it.
 */
export function forwardedMetadata(request: IncomingMessage, trusted: TrustedProxies): Metadata {
  const socket: Told = request.socket;
  const known = peerOf(socket, trusted);
  if (known.isProxied || known.address === '') return metadataOf(request, known, trusted);
  // Where no proxy is trusted, only the host can differ from one request of a connection to the next.
  const authority = authorityOf(request);
  const told = socket[TOLD];
  if (told !== undefined && told.peer === known && told.authority === authority) return told.metadata;
  const metadata = metadataOf(request, known, trusted);
  socket[TOLD] = { peer: known, authority, metadata };
  return metadata;
}

function metadataOf(request: IncomingMessage, known: RequestSource, trusted: TrustedProxies): Metadata {
  const { headers, socket } = request;
  const source = requestSource(request, trusted);
  const peer = known.address || 'unknown';
  const proto = 'encrypted' in socket ? 'https' : 'http';
  const host = sane(authorityOf(request));
  const client = source.address === peer ? '' : source.address;
  const list = source.isProxied ? textOf(headers['x-forwarded-for']) : undefined;
  const elements = source.isProxied ? textOf(headers.forwarded) : undefined;
  const isOneKind = list === undefined || elements === undefined;
  const before = (given: string | undefined, made: string) =>
    (isOneKind ? given : undefined) ?? (client === '' ? undefined : made);
  const forwardedHost = source.host ?? host;
  const from: Metadata[number] = ['x-forwarded-for', joined(before(list, client), peer)];
  const spoken = (source.proto ?? proto) === 'https' ? HTTPS : HTTP;
  const forwarded: Metadata[number] = [
    'forwarded',
    joined(before(elements, element(client, source.host, source.proto)), element(peer, host, proto)),
  ];
  // A list that is made at once, of pairs that many have: each connection keeps one.
  return forwardedHost === undefined
    ? [from, spoken, forwarded]
    : [from, spoken, forwarded, pairOfHost(forwardedHost)];
}

const HTTP: Metadata[number] = ['x-forwarded-proto', 'http'];
const HTTPS: Metadata[number] = ['x-forwarded-proto', 'https'];
let lastHost: Metadata[number] = ['x-forwarded-host', ''];

/** Most clients ask for the same host as the one before. */
function pairOfHost(host: string): Metadata[number] {
  if (lastHost[1] !== host) lastHost = ['x-forwarded-host', host];
  return lastHost;
}

function joined(before: string | undefined, last: string): string {
  return before === undefined ? last : `${before}, ${last}`;
}

/** What one hop says of the one before it. Source: RFC 7239 section 4. */
function element(address: string, host: string | undefined, proto: string | undefined): string {
  const forText = `for=${address.includes(':') ? `"[${address}]"` : address}`;
  const hostText = host === undefined ? '' : `;host=${TOKEN.test(host) ? host : `"${host}"`}`;
  return `${forText}${hostText}${proto === undefined ? '' : `;proto=${proto}`}`;
}

function sane(authority: string | undefined): string | undefined {
  return authority !== undefined && HOST.test(authority) ? authority : undefined;
}

function textOf(header: string | string[] | undefined): string | undefined {
  const text = Array.isArray(header) ? header.join(', ') : header;
  return text !== undefined && LIST.test(text) ? text : undefined;
}
