import type { IncomingMessage } from 'node:http';
import { type Metadata, MetadataBlock, RpcError } from '../../status/index.js';
import { isReservedName } from '../../upstream/index.js';
import { addMetadata, type HeaderRules, type PassedOn, passedOn } from '../message/index.js';

/** Headers that say something of the request, its connection or its browser, and nothing of the call. */
const NOT_METADATA = new Set([
  'origin',
  'referer',
  'cookie',
  'set-cookie',
  'expect',
  'via',
  'priority',
  'dnt',
  'pragma',
  'cache-control',
  'save-data',
  'upgrade-insecure-requests',
  'x-grpc-web',
  'x-user-agent',
  // What the gateway says itself.
  'x-request-id',
  'forwarded',
  'x-real-ip',
  // What is asked of the gateway.
  'last-event-id',
]);
const NOT_METADATA_PREFIXES = [
  'accept',
  'content-',
  'sec-',
  'if-',
  'x-forwarded-',
  'connect-',
  'access-control-',
  'proxy-',
];

/** What an answer says of itself, its connection or its origin: a service does not say that through the gateway. */
const NOT_ANSWERED = new Set([
  'set-cookie',
  'x-request-id',
  'alt-svc',
  'strict-transport-security',
  'clear-site-data',
  'vary',
  'incremental',
  'sluice-reason',
  'sluice-last-event-id',
]);
const NOT_ANSWERED_PREFIXES = ['access-control-', 'content-', 'sec-', 'connect-', 'trailer-'];

/** Whether this name in a request is metadata, in lower case. */
export function isRequestMetadata(name: string): boolean {
  return !isReservedName(name) && !NOT_METADATA.has(name) && !startsWithAny(name, NOT_METADATA_PREFIXES);
}

function startsWithAny(name: string, prefixes: readonly string[]): boolean {
  for (const prefix of prefixes) if (name.startsWith(prefix)) return true;
  return false;
}

/**
 * The metadata of a request in an RPC protocol, where headers are metadata: each that is not about the request itself, in order, doubled ones and the
 * values of `-bin` names one by one. `known` is what the gateway says itself, which no client can say. Throws INVALID_ARGUMENT that names the header
 * for what cannot be sent, for a name that looks like one of the ingress's or the gateway's, and for more than may travel.
 */
export function rpcMetadata(
  { rawHeaders, headers }: Pick<IncomingMessage, 'rawHeaders' | 'headers'>,
  known: Metadata,
  rules: HeaderRules,
): Metadata {
  const own = new MetadataBlock();
  const ofConnection = connectionFields(headers.connection);
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    const name = (rawHeaders[at] as string).toLowerCase();
    if (!isRequestMetadata(name) || ofConnection?.has(name)) continue;
    const fault = rules.travelling.includes(name) ? undefined : rules.faultOfOwn(name);
    if (fault !== undefined) throw new RpcError('INVALID_METADATA', `header ${name}: ${fault}`);
    addMetadata(own, name, rawHeaders[at + 1] as string, `header ${name}: `);
  }
  return own.pairs.length === 0 ? known : [...known, ...own.pairs];
}

/** The names that are about this connection only. Source: RFC 9110 section 7.6.1. */
function connectionFields(value: string | undefined): ReadonlySet<string> | undefined {
  if (value === undefined || value === 'keep-alive' || value === 'close') return undefined;
  return new Set(value.split(',').map((name) => name.trim().toLowerCase()));
}

/** What may stand in a line of a head. Source: RFC 9110 section 5.5. */
const ANSWER_VALUE = /^[\t -~]*$/;

/** What of a service's metadata or trailers goes back, each under its own name, binary values without padding as gRPC sends them. */
export function answerMetadata(metadata: Metadata): PassedOn {
  const passed = passedOn(metadata);
  if (passed.pairs.length === 0) return passed;
  const leftOut = new Set(passed.leftOut);
  const pairs: (readonly [string, string])[] = [];
  for (const pair of passed.pairs) {
    const [name, value] = pair;
    if (NOT_ANSWERED.has(name) || startsWithAny(name, NOT_ANSWERED_PREFIXES)) continue;
    if (!ANSWER_VALUE.test(value)) leftOut.add(name);
    else pairs.push(name.endsWith('-bin') ? [name, unpadded(value)] : pair);
  }
  return { pairs, leftOut: [...leftOut] };
}

/** Base64 as gRPC sends it. */
export function unpadded(base64: string): string {
  let end = base64.length;
  while (base64[end - 1] === '=') end -= 1;
  return base64.slice(0, end);
}
