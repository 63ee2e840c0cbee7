import type { IncomingHttpHeaders } from 'node:http';
import {
  Code,
  MAX_METADATA_BYTES,
  MAX_METADATA_PAIRS,
  type Metadata,
  MetadataBlock,
  RpcError,
} from '../status/index.js';
import { faultOfPair } from '../upstream/index.js';
import { parseGrpcTimeout } from '../wire/index.js';

/** What may travel to the service without being named in the configuration. */
const ALWAYS = ['authorization', 'traceparent', 'tracestate', 'baggage'];
const PREFIX = 'grpc-metadata-';

/** Whether an operator may name this header in `--forward-header`. */
export function isForwardable(name: string): boolean {
  return faultOfPair(name, '') === undefined;
}

/**
 * The metadata that a request sends to the service: the allow-list, never a copy of the headers.
 * Throws INVALID_ARGUMENT that names the header when a client asks for what cannot be sent, or for more than may travel.
 */
export function requestMetadata(
  headers: IncomingHttpHeaders,
  requestId: string,
  forwardHeaders: readonly string[],
): Metadata {
  const metadata: [string, string][] = [['x-request-id', requestId]];
  const add = (header: string, name: string, value: string) => {
    const fault = faultOfPair(name, value);
    if (fault !== undefined) throw new RpcError(Code.INVALID_ARGUMENT, `header ${header}: ${fault}`);
    metadata.push([name, value]);
  };
  for (const name of [...ALWAYS, ...forwardHeaders]) {
    const value = headers[name];
    // What Node cannot join comes as an array (set-cookie only).
    if (typeof value === 'string') add(name, name, value);
  }
  const own = new MetadataBlock();
  for (const [header, value] of Object.entries(headers)) {
    if (!header.startsWith(PREFIX) || typeof value !== 'string') continue;
    addOwn(own, header.slice(PREFIX.length), value, `header ${header}: `);
  }
  return [...metadata, ...own.pairs];
}

/** What a client sends of its own. A repeated header arrives joined; base64 has no comma, so its values can be told apart again. */
function addOwn(block: MetadataBlock, name: string, value: string, place: string): void {
  const checked = (text: string): string => {
    const fault = faultOfPair(name, text);
    if (fault !== undefined) throw new RpcError(Code.INVALID_ARGUMENT, `${place}${fault}`);
    return text;
  };
  if (name.endsWith('-bin')) block.addJoined(name, value, (part) => checked(part.trim()));
  else block.add(name, checked(value));
  if (!block.isOver) return;
  throw new RpcError(
    Code.INVALID_ARGUMENT,
    `${place}the metadata of a call has at most ${MAX_METADATA_PAIRS} values and ${MAX_METADATA_BYTES} bytes, names included`,
  );
}

/**
 * The metadata of one call of a session: that of the session, and what the call adds, which wins. The value of a `-bin` name may be
 * several, joined by ",". Throws INVALID_ARGUMENT that names what cannot be sent.
 */
export function callMetadata(session: Metadata, own: Metadata): Metadata {
  if (own.length === 0) return session;
  const names = new Set<string>();
  const added = new MetadataBlock();
  for (const [name, value] of own) {
    names.add(name);
    addOwn(added, name, value, '');
  }
  return [...session.filter(([name]) => !names.has(name)), ...added.pairs];
}

/** When the call must be over, in epoch milliseconds; `undefined`: never. `Grpc-Timeout` wins over the default. */
export function requestDeadline(
  headers: IncomingHttpHeaders,
  defaultTimeoutMs: number | undefined,
): number | undefined {
  const header = headers['grpc-timeout'];
  if (header === undefined) return defaultTimeoutMs === undefined ? undefined : Date.now() + defaultTimeoutMs;
  const timeoutMs = typeof header === 'string' ? parseGrpcTimeout(header) : undefined;
  if (timeoutMs === undefined) {
    throw new RpcError(
      Code.INVALID_ARGUMENT,
      'header grpc-timeout: must be at most 8 digits and a unit of H, M, S, m, u or n, for example 500m',
    );
  }
  return Date.now() + timeoutMs;
}
