import { MAX_TIMER_MS } from '../../retry/wait.js';
import { MAX_ANSWER_BYTES, readBodyText } from '../shared/body-text.js';
import type { CallScope } from '../shared/call-scope.js';
import { Code } from '../shared/code.js';
import { errorFromErrorObject } from '../shared/error-from-wire.js';
import type { HttpEndpoint } from '../shared/http-endpoint.js';
import { isJsonObject, type JsonObject, parseJson } from '../shared/json.js';
import { SluiceError } from '../shared/sluice-error.js';
import { DEFAULT_IDLE_TIMEOUT_MS, readEventStream } from '../stream/event-stream.js';
import { createSseParser, type SseEvent } from '../stream/sse-parser.js';
import type { AttemptEvents } from './call-transport.js';
import { type Credit, utf8Length } from './credit.js';
import { type CallEnd, callEndFrom, gapFrom, type Metadata, type OpenFrame } from './session-frame.js';

/** Metadata that travels under its own name as an HTTP header (PROTOCOL.md, section 3). All other names get a prefix. */
const UNPREFIXED_HEADERS: ReadonlySet<string> = new Set([
  'authorization',
  'x-request-id',
  'traceparent',
  'tracestate',
  'baggage',
]);

/** The prefix of an escaped event id (PROTOCOL.md, section 6). */
const ESCAPE_PREFIX = '~=';

export interface HttpCallOptions {
  /** The scope of this request alone: its end aborts the request. */
  readonly scope: CallScope;
  /** Credit for the messages that may be passed on. Without credit the body is not read. */
  readonly credit: Credit;
  readonly events: Pick<AttemptEvents, 'onHeaders' | 'onMessage' | 'onDropped' | 'onGap'>;
}

/**
 * Makes a call of one message as a `POST`: the response is an event stream for a server-stream method, and JSON for a unary one.
 * Returns how the call ended, with UNAVAILABLE if the gateway could not be reached or the response broke off. Never rejects.
 */
export async function callOverHttp(
  endpoint: HttpEndpoint,
  open: OpenFrame,
  message: string,
  { scope, credit, events }: HttpCallOptions,
): Promise<CallEnd> {
  // PROTOCOL.md, section 12: such a cursor says that the call has ended.
  if (open.cursor.startsWith('~end')) return { error: undefined, trailers: {} };
  let trailers: Metadata = {};
  const parser = createSseParser();
  const send = async () => {
    const post = await endpoint.post(message, {
      // A unary method has no event stream, and a server-stream method prefers it to a JSON array.
      accept: 'text/event-stream, application/json;q=0.5',
      headers: headersFromMetadata(open.metadata),
      timeoutMs: open.timeoutMs,
      lastEventId: idFromCursor(open.cursor),
      signal: scope.signal,
    });
    const response = await endpoint.fetch(endpoint.httpUrl(open.method), post);
    trailers = metadataFromHeaders(response.headers, 'grpc-trailer-');
    if (response.status === 200) events.onHeaders(metadataFromHeaders(response.headers, 'grpc-metadata-'));
    return response;
  };
  const incoming = readEventStream({
    open: send,
    parser,
    scope,
    // Only a stream has a cursor, and its head arrives at once. The head of a unary call arrives with the answer.
    headTimeoutMs: open.cursor === '' ? MAX_TIMER_MS : DEFAULT_IDLE_TIMEOUT_MS,
    eventsOf: eventsOfJson,
    onHeaders: undefined,
  });
  const retryAfter = () => (parser.retryMs === undefined ? {} : { retryAfterMs: parser.retryMs });
  try {
    for await (const event of incoming) {
      const data = parseJson(event.data);
      if (event.type === 'message') {
        // Of its text: nobody tells the bytes of protobuf here, and only this client counts.
        const bytes = utf8Length(event.data);
        await credit.take(bytes, scope.signal);
        events.onMessage(data, cursorFromId(event.lastEventId), bytes);
        continue;
      }
      scope.signal.throwIfAborted();
      const body: JsonObject = isJsonObject(data) ? data : {};
      if (event.type === 'dropped') events.onDropped(typeof body.count === 'number' ? body.count : 0);
      else if (event.type === 'gap') events.onGap(gapFrom(body));
      else if (event.type === 'error') {
        const error = errorFromErrorObject(body.error, {
          truncated: body.truncated === true,
          ...retryAfter(),
        });
        return { error, trailers };
      } else if (event.type === 'end') {
        const end = callEndFrom(body);
        return { ...end, trailers: { ...trailers, ...end.trailers } };
      }
      // Unknown events are for newer clients.
    }
    throw new SluiceError(Code.UNAVAILABLE, 'the stream was cut: no end event', retryAfter());
  } catch (cause) {
    // The head of an HTTP error may have trailers.
    return { error: scope.errorFrom(cause), trailers };
  }
}

/** The answer of a unary method as the events that a stream of one message has. */
function eventsOfJson(response: Response, contentType: string): Promise<readonly SseEvent[]> | undefined {
  if (!/^application\/json\s*(;|$)/i.test(contentType)) return undefined;
  return readBodyText(response, MAX_ANSWER_BYTES).then((data) => [
    { type: 'message', data, lastEventId: '' },
    { type: 'end', data: '{"status":{}}', lastEventId: '' },
  ]);
}

/** The request headers that carry this metadata to the service. */
function headersFromMetadata(metadata: Metadata): Record<string, string> {
  return Object.fromEntries(
    Object.entries(metadata).map(([name, value]) => [
      UNPREFIXED_HEADERS.has(name.toLowerCase()) ? name : `grpc-metadata-${name}`,
      value,
    ]),
  );
}

/** The metadata in response headers with this prefix. Several values of a "-bin" name are joined by ",", as in sessions. */
function metadataFromHeaders(headers: Headers, prefix: string): Metadata {
  return Object.fromEntries(
    [...headers]
      .filter(([name]) => name.startsWith(prefix))
      .map(([name, value]) => [
        name.slice(prefix.length),
        name.endsWith('-bin') ? value.replaceAll(', ', ',') : value,
      ]),
  );
}

/** The event id of a cursor: escaped if HTTP could not carry the cursor as it is. */
function idFromCursor(cursor: string): string {
  if (!cursor.startsWith('~') && /^[ -~]*$/.test(cursor) && cursor.trim() === cursor) return cursor;
  return ESCAPE_PREFIX + encodeURIComponent(cursor);
}

/** The cursor of an event id. */
function cursorFromId(id: string): string {
  return id.startsWith(ESCAPE_PREFIX) ? decodeURIComponent(id.slice(ESCAPE_PREFIX.length)) : id;
}
