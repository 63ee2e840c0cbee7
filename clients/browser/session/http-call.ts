import { MAX_TIMER_MS } from '../../retry/index.js';
import type { CallScope } from '../shared/call-scope.js';
import { Code } from '../shared/code.js';
import { type Endpoint, grpcTimeout } from '../shared/endpoint.js';
import { errorFromErrorObject } from '../shared/error-from-wire.js';
import { isJsonObject, type JsonObject, parseJson } from '../shared/json.js';
import { SluiceError } from '../shared/sluice-error.js';
import { readEventStream } from '../stream/event-stream.js';
import { createSseParser } from '../stream/sse-parser.js';
import type { AttemptEvents } from './attempt-table.js';
import type { Credit } from './credit.js';
import { type CallEnd, callEndFrom, gapFrom, type Metadata, type OpenFrame } from './session-frame.js';

/** Three of the gateway's heartbeats, as `StreamOptions.idleTimeoutMs`. */
const IDLE_TIMEOUT_MS = 45_000;
/** Metadata that travels as headers of its own (PROTOCOL.md, section 3); all other names have a prefix. */
const OWN_HEADERS: ReadonlySet<string> = new Set([
  'authorization',
  'x-request-id',
  'traceparent',
  'tracestate',
  'baggage',
]);
const METADATA_PREFIX = 'grpc-metadata-';

export interface HttpCallOptions {
  /** The scope of this exchange alone; its end ends the request. */
  readonly scope: CallScope;
  /** What may still come. While there is none the body is not read. */
  readonly credit: Credit;
  readonly events: Pick<AttemptEvents, 'onHeaders' | 'onMessage' | 'onDropped' | 'onGap'>;
}

/**
 * Makes a call of one message as a `POST` and tells its events: an event stream where the method streams, JSON where it has one answer. Returns how
 * the call ended; rejects when it could not be made, or broke off, mostly with a `SluiceError`.
 */
export async function callOverHttp(
  endpoint: Endpoint,
  open: OpenFrame,
  message: string,
  { scope, credit, events }: HttpCallOptions,
): Promise<CallEnd> {
  // Section 12: such a cursor says that the call has ended.
  if (open.cursor.startsWith('~end')) return { error: undefined, trailers: {} };
  let trailers: Metadata = {};
  const parser = createSseParser();
  const send = async () => {
    const response = await endpoint.fetch(endpoint.httpUrl(open.method), {
      method: 'POST',
      headers: await endpoint.headers(headersFrom(open.metadata), {
        'content-type': 'application/json',
        // A method with one answer has no event stream of it, and one with many prefers that to a JSON array.
        accept: 'text/event-stream, application/json;q=0.5',
        ...(open.cursor === '' ? {} : { 'last-event-id': idFromCursor(open.cursor) }),
        ...(open.timeoutMs === 0 ? {} : { 'grpc-timeout': grpcTimeout(open.timeoutMs) }),
      }),
      body: message,
      signal: scope.signal,
    });
    trailers = metadataFrom(response.headers, 'grpc-trailer-');
    if (response.status === 200) events.onHeaders(metadataFrom(response.headers, METADATA_PREFIX));
    return response;
  };
  const incoming = readEventStream({
    open: send,
    parser,
    scope,
    idleTimeoutMs: IDLE_TIMEOUT_MS,
    // Only a stream has a cursor, and its head comes at once; the head of a single answer comes with the answer.
    headTimeoutMs: open.cursor === '' ? MAX_TIMER_MS : IDLE_TIMEOUT_MS,
    takesJson: true,
    onHeaders: undefined,
  });
  const asked = () => (parser.retryMs === undefined ? {} : { retryAfterMs: parser.retryMs });
  for await (const event of incoming) {
    const data = parseJson(event.data);
    if (event.type === 'message') {
      await credit.take(scope.signal);
      events.onMessage(data, cursorFromId(event.lastEventId));
      continue;
    }
    scope.signal.throwIfAborted();
    const body: JsonObject = isJsonObject(data) ? data : {};
    if (event.type === 'dropped') events.onDropped(typeof body.count === 'number' ? body.count : 0);
    else if (event.type === 'gap') events.onGap(gapFrom(body));
    else if (event.type === 'error') {
      const error = errorFromErrorObject(body.error, { truncated: body.truncated === true, ...asked() });
      return { error, trailers };
    } else if (event.type === 'end') {
      const end = callEndFrom(body);
      return { ...end, trailers: { ...trailers, ...end.trailers } };
    }
    // Names we do not know are notes for newer clients.
  }
  throw new SluiceError(Code.UNAVAILABLE, 'the stream was cut', asked());
}

function headersFrom(metadata: Metadata): Record<string, string> {
  return Object.fromEntries(
    Object.entries(metadata).map(([name, value]) => [
      OWN_HEADERS.has(name.toLowerCase()) ? name : `${METADATA_PREFIX}${name}`,
      value,
    ]),
  );
}

/** The metadata among headers. The values of a "-bin" name are joined by ",", as everywhere in this client. */
function metadataFrom(headers: Headers, prefix: string): Metadata {
  return Object.fromEntries(
    [...headers]
      .filter(([name]) => name.startsWith(prefix))
      .map(([name, value]) => [
        name.slice(prefix.length),
        name.endsWith('-bin') ? value.replaceAll(', ', ',') : value,
      ]),
  );
}

/** PROTOCOL.md section 6, "Escapes". */
const ESCAPED = '~=';

function idFromCursor(cursor: string): string {
  if (!cursor.startsWith('~') && /^[ -~]*$/.test(cursor) && cursor.trim() === cursor) return cursor;
  return ESCAPED + encodeURIComponent(cursor);
}

function cursorFromId(id: string): string {
  return id.startsWith(ESCAPED) ? decodeURIComponent(id.slice(ESCAPED.length)) : id;
}
