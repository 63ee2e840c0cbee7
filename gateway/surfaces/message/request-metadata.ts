import type { IncomingHttpHeaders } from 'node:http';
import {
  MAX_METADATA_BYTES,
  MAX_METADATA_PAIRS,
  type Metadata,
  MetadataBlock,
  RpcError,
} from '../../status/index.js';
import { faultOfPair } from '../../upstream/index.js';
import { parseGrpcTimeout } from '../../wire/index.js';
import { isOfTrace } from '../exchange/index.js';
import { alike, type HeaderRules } from './header-rules.js';

const PREFIX = 'grpc-metadata-';

/**
 * The metadata that a request sends to the service: the allow-list, never a copy of the headers. `known` is what the gateway says itself: the
 * request id, where the client is. Throws INVALID_ARGUMENT that names the header when a client asks for what it may not say, for what cannot
 * be sent, for a name that travels as a header of its own already, or for more than may travel.
 */
export function requestMetadata(headers: IncomingHttpHeaders, known: Metadata, rules: HeaderRules): Metadata {
  const metadata: (readonly [string, string])[] = known.slice();
  for (const name of rules.travelling) {
    const value = headers[name];
    // What Node cannot join comes as an array (set-cookie only).
    if (typeof value !== 'string') continue;
    if (isOfTrace(name)) {
      metadata.push([name, sendable(value)]);
      continue;
    }
    const fault = faultOfPair(name, value);
    if (fault !== undefined) throw new RpcError('INVALID_HEADER', `header ${name}: ${fault}`);
    metadata.push([name, value]);
  }
  let own: MetadataBlock | undefined;
  let taken: ReadonlySet<string> | undefined;
  for (const header in headers) {
    if (!header.startsWith(PREFIX)) continue;
    const value = headers[header];
    if (typeof value !== 'string') continue;
    const name = header.slice(PREFIX.length);
    taken ??= new Set(metadata.map(([name]) => alike(name)));
    assertMayBeOwn(name, rules, `header ${header}: `);
    if (taken.has(alike(name))) {
      throw new RpcError(
        'INVALID_METADATA',
        `header ${header}: ${alike(name)} travels as a header of its own, send only that`,
      );
    }
    own ??= new MetadataBlock();
    addMetadata(own, name, value, `header ${header}: `);
  }
  return own === undefined ? metadata : [...metadata, ...own.pairs];
}

function assertMayBeOwn(name: string, rules: HeaderRules, place: string): void {
  const fault = rules.faultOfOwn(name);
  if (fault !== undefined) throw new RpcError('INVALID_METADATA', `${place}${fault}`);
}

/**
 * Adds what a client sends of its own. A repeated header may arrive joined; base64 has no comma, so the values of a `-bin` name can be told apart again.
 * Throws INVALID_ARGUMENT, with `place` before it, for what cannot be sent, and for more than may travel.
 */
export function addMetadata(block: MetadataBlock, name: string, value: string, place: string): void {
  const checked = (text: string): string => {
    const fault = faultOfPair(name, text);
    if (fault !== undefined) throw new RpcError('INVALID_METADATA', `${place}${fault}`);
    return text;
  };
  if (name.endsWith('-bin')) block.addJoined(name, value, (part) => checked(part.trim()));
  else block.add(name, isOfTrace(name) ? sendable(value) : checked(value));
  if (!block.isOver) return;
  throw new RpcError(
    'INVALID_METADATA',
    `${place}the metadata of a call has at most ${MAX_METADATA_PAIRS} values and ${MAX_METADATA_BYTES} bytes, names included`,
  );
}

/** What may be metadata of a value that nobody is refused for: a malformed trace counts as none. Lists may have tabs between their members. */
function sendable(value: string): string {
  const text = value.replaceAll('\t', ' ');
  return faultOfPair('traceparent', text) === undefined ? text : '';
}

/**
 * The metadata of one call of a session: that of the session, and what the call adds, which wins. The value of a `-bin` name may be
 * several, joined by ",". What it says of a trace replaces all that the handshake said of one. Throws INVALID_ARGUMENT that names what cannot be sent, or is not the client's to say.
 */
export function callMetadata(session: Metadata, own: Metadata, rules: HeaderRules): Metadata {
  if (own.length === 0) return session;
  const names = new Set<string>();
  const added = new MetadataBlock();
  for (const [name, value] of own) {
    names.add(name);
    assertMayBeOwn(name, rules, '');
    addMetadata(added, name, value, '');
  }
  const isTraced = [...names].some(isOfTrace);
  const isOld = (name: string) => names.has(name) || (isTraced && isOfTrace(name));
  return [...session.filter(([name]) => !isOld(name)), ...added.pairs];
}

/** When the call must be over, in epoch milliseconds; `undefined`: never. `Grpc-Timeout` wins over the default. */
export function requestDeadline(headers: IncomingHttpHeaders, defaultTimeoutMs: number): number | undefined {
  const header = headers['grpc-timeout'];
  if (header === undefined) return defaultTimeoutMs === 0 ? undefined : Date.now() + defaultTimeoutMs;
  const timeoutMs = typeof header === 'string' ? parseGrpcTimeout(header) : undefined;
  if (timeoutMs === undefined) {
    throw new RpcError(
      'INVALID_HEADER',
      'header grpc-timeout: must be at most 8 digits and a unit of H, M, S, m, u or n, for example 500m',
    );
  }
  return Date.now() + timeoutMs;
}
