import { MAX_TIMER_MS } from '../../retry/wait.js';
import { MAX_ANSWER_BYTES, readBodyText } from '../shared/body-text.js';
import { endpointAt } from '../shared/call-location.js';
import type { CallScope } from '../shared/call-scope.js';
import { Code } from '../shared/code.js';
import { errorFromErrorObject } from '../shared/error-from-wire.js';
import type { HttpEndpoint, RequestHeaders } from '../shared/http-endpoint.js';
import { isJsonObject, type JsonObject, parseJson } from '../shared/json.js';
import { SluiceError } from '../shared/sluice-error.js';
import { DEFAULT_IDLE_TIMEOUT_MS, readEventStream } from '../stream/event-stream.js';
import { createSseParser, type SseEvent } from '../stream/sse-parser.js';
import type { AttemptEvents } from './call-transport.js';
import type { OpenFrame } from './client-frame.js';
import { type Credit, utf8Length } from './credit.js';
import { cursorFromId, headersFromMetadata, idFromCursor, metadataFromHeaders } from './http-metadata.js';
import { type CallEnd, callEndFrom, gapFrom, type Metadata } from './session-frame.js';

export interface HttpCallOptions {
  /** The scope of this request alone: its end aborts the request. */
  readonly scope: CallScope;
  /** Credit for the messages that may be passed on. Without credit the body is not read. */
  readonly credit: Credit;
  readonly events: Pick<AttemptEvents, 'onLocation' | 'onHeaders' | 'onMessage' | 'onDropped' | 'onGap'>;
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
  let trailers: Metadata = {};
  const parser = createSseParser();
  const send = async () => {
    const head = {
      // A unary method has no event stream, and a server-stream method prefers it to a JSON array.
      accept: 'text/event-stream, application/json;q=0.5',
      timeoutMs: open.timeoutMs,
      lastEventId: idFromCursor(open.cursor),
      signal: scope.signal,
    };
    const headers: RequestHeaders = {
      ...headersFromMetadata(open.metadata),
      ...(open.idempotencyKey && { 'idempotency-key': open.idempotencyKey }),
    };
    const ask = async (at: HttpEndpoint, more: RequestHeaders = {}) =>
      await at.fetch(
        at.httpUrl(open.method),
        await at.post(message, { ...head, headers: { ...headers, ...more } }),
      );
    let response = await (open.location === ''
      ? ask(endpoint, open.detach ? { prefer: 'respond-async' } : {})
      : ask(endpointAt(endpoint, open.location)));
    if (response.status === 202) {
      const location = response.headers.get('location') ?? '';
      events.onLocation(location);
      await response.text();
      response = await ask(endpointAt(endpoint, location));
    } else if (response.ok) {
      events.onLocation(open.location || (response.headers.get('content-location') ?? ''));
    }
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
