import type { IncomingHttpHeaders } from 'node:http';
import type { Socket } from 'node:net';
import { type ForwardedElement, forwardedElements, listMembers } from './forwarded.js';
import { addressGroup, addressOfNode, normalAddress } from './ip-address.js';
import type { TrustedProxies } from './trusted-proxies.js';

/** Proxies that are looked through: no chain is longer, and each costs a look into the list of the trusted ones. */
const MAX_HOPS = 32;

/** A host and perhaps a port, as the field `Host` has them: nothing in it can mean something else in an address, a header or a log. */
const HOST = /^(?:\[[0-9a-f:.]{2,45}\]|[a-z0-9_.-]{1,253})(?::\d{1,5})?$/;

/** Where a request comes from. */
export interface RequestSource {
  /** The client's address, as `normalAddress` writes it: the connection's own, or what trusted proxies say. Empty when the connection has gone. */
  readonly address: string;
  /** What limits count the client by: its address, or the /64 of it. */
  readonly group: string;
  /** The connection is a trusted proxy's: what it forwards counts, here and towards the service. */
  readonly isProxied: boolean;
  /** How the client spoke to the outermost trusted proxy, when that says so. */
  readonly proto: 'http' | 'https' | undefined;
  /** The `Host` that the client asked for, in lower case, when a trusted proxy says so. */
  readonly host: string | undefined;
}

const PEER = Symbol('where its requests come from');
type Known = Socket & { [PEER]?: RequestSource };

/**
 * Where a request comes from. `Forwarded` and `X-Forwarded-*` count only from a trusted proxy, and only what trusted proxies wrote of them: the
 * lists are read from the nearest proxy outwards, up to the first address that is not trusted, which is the client. What is `unknown`,
 * hidden or garbage ends the way at the proxy that wrote it. Where both kinds of header are there, only what they agree on counts:
 * most proxies write one of them and pass the other one on as the client sent it. Never throws.
 */
export function requestSource(
  { socket, headers }: { readonly socket: Socket; readonly headers: IncomingHttpHeaders },
  trusted: TrustedProxies,
): RequestSource {
  const peer = peerOf(socket, trusted);
  return peer.isProxied ? lookThrough(peer, headers, trusted) : peer;
}

/** What a connection alone says, whatever its requests do. The same object every time. */
export function peerOf(socket: Socket, trusted: TrustedProxies): RequestSource {
  const known: Known = socket;
  const { remoteAddress } = socket;
  if (known[PEER] !== undefined) return known[PEER];
  const address = remoteAddress === undefined ? '' : (normalAddress(remoteAddress) ?? remoteAddress);
  const peer = {
    address,
    group: addressGroup(address),
    isProxied: trusted.has(address),
    proto: undefined,
    host: undefined,
  };
  if (remoteAddress !== undefined) known[PEER] = peer;
  return peer;
}

function lookThrough(
  peer: RequestSource,
  headers: IncomingHttpHeaders,
  trusted: TrustedProxies,
): RequestSource {
  const elements = elementsOf(headers);
  const list = headerText(headers, 'x-forwarded-for');
  const nodes = list === undefined ? undefined : listMembers(list);
  let { address } = peer;
  let hops = 0;
  while (hops < MAX_HOPS && trusted.has(address)) {
    const next = nextAddress(nodes, elements, hops);
    if (next === undefined) break;
    address = next;
    hops += 1;
  }
  const index = Math.max(0, hops - 1);
  const element = elements?.[elements.length - 1 - index];
  const proto = agreed(element?.proto, memberAt(headers, 'x-forwarded-proto', index));
  const host = agreed(element?.host, memberAt(headers, 'x-forwarded-host', index));
  return {
    address,
    group: addressGroup(address),
    isProxied: true,
    proto: proto === 'https' || proto === 'http' ? proto : undefined,
    host: host !== undefined && HOST.test(host) ? host : undefined,
  };
}

function elementsOf(headers: IncomingHttpHeaders): readonly ForwardedElement[] | undefined {
  const header = headerText(headers, 'forwarded');
  return header === undefined ? undefined : forwardedElements(header);
}

/** What the proxy that is `hops` away says of whom it got the request from. */
function nextAddress(
  nodes: readonly string[] | undefined,
  elements: readonly ForwardedElement[] | undefined,
  hops: number,
): string | undefined {
  const node = nodes?.[nodes.length - 1 - hops];
  const other = elements?.[elements.length - 1 - hops]?.for;
  const address = node === undefined ? undefined : addressOfNode(node);
  const otherAddress = other === undefined ? undefined : addressOfNode(other);
  if (nodes === undefined) return otherAddress;
  if (elements === undefined) return address;
  return address === otherAddress ? address : undefined;
}

/** What the same proxy wrote into a list; where proxies replace it in place of adding to it, the outermost that is left. */
function memberAt(headers: IncomingHttpHeaders, name: string, index: number): string | undefined {
  const header = headerText(headers, name);
  if (header === undefined) return undefined;
  const members = listMembers(header);
  return members[Math.max(0, members.length - 1 - index)];
}

function agreed(one: string | undefined, other: string | undefined): string | undefined {
  const [a, b] = [one?.toLowerCase(), other?.toLowerCase()];
  return a === undefined || b === undefined || a === b ? (a ?? b) : undefined;
}

function headerText(headers: IncomingHttpHeaders, name: string): string | undefined {
  const value = headers[name];
  return Array.isArray(value) ? value.join(',') : value;
}
