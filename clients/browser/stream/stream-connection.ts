import { openCallScope } from '../shared/call-scope.js';
import { Code } from '../shared/code.js';
import { errorFromErrorObject, errorFromStatusObject } from '../shared/error-from-wire.js';
import { type JsonObject, objectFrom, parseJson } from '../shared/json.js';
import { SluiceError } from '../shared/sluice-error.js';
import { readEventStream } from './event-stream.js';
import { createSseParser, type SseEvent, type SseParser } from './sse-parser.js';
import type { StreamOptions } from './stream-options.js';

/** How far a stream has come, over all its connections. */
export interface StreamProgress {
  /** Where the next connection resumes; empty without a cursor. */
  cursor: string;
  /** Where a detached call is found. */
  location: string | undefined;
  /** Connections in a row that brought no message. */
  failures: number;
}

/** The failure of a connection. */
export interface ConnectionFailure {
  readonly error: SluiceError;
  /** The call has ended with it. */
  readonly isFinal: boolean;
  readonly retryMs: number;
}

/**
 * The messages of one connection. Returns how it failed, or nothing when the call ended with OK. Throws only errors of the page's own callbacks.
 * `send` makes the request; aborting `signal` ends the connection.
 */
export async function* streamConnection<Message extends JsonObject>(
  send: (signal: AbortSignal) => Promise<Response>,
  progress: StreamProgress,
  signal: AbortSignal,
  options: StreamOptions,
): AsyncGenerator<Message, ConnectionFailure | undefined, undefined> {
  const scope = openCallScope({ signal, endsWithPage: true });
  const parser = createSseParser({ maxEventLength: options.maxEventLength, lastEventId: progress.cursor });
  try {
    const events = readEventStream({
      open: () => send(scope.signal),
      parser,
      scope,
      idleTimeoutMs: options.idleTimeoutMs,
      onHeaders(headers) {
        progress.cursor ||= headers.get('sluice-last-event-id') ?? '';
        progress.location ??= headers.get('content-location') ?? undefined;
        options.onHeaders?.(headers);
      },
    });
    for await (const event of events) {
      if (event.type === 'end' || event.type === 'error') return endFrom(event, parser, options);
      if (event.type === 'gap') options.onGap?.(objectFrom(parseJson(event.data)));
      if (event.type === 'dropped') options.onDropped?.(Number(objectFrom(parseJson(event.data)).count) || 0);
      // Unknown events are for newer clients.
      if (event.type !== 'message') continue;
      const message = parseJson(event.data) as Message;
      progress.cursor = event.lastEventId;
      progress.failures = 0;
      yield message;
    }
    throw new SluiceError(Code.UNAVAILABLE, 'the stream was cut: no end event');
  } catch (reason) {
    // Thrown by a callback of the page, so it is neither explained nor retried here.
    if (!(reason instanceof SluiceError)) throw reason;
    if (!isEndId(parser.lastEventId)) progress.cursor = parser.lastEventId || progress.cursor;
    return failure(reason, parser);
  } finally {
    scope.close();
  }
}

/** Whether an event id says that the call is over (PROTOCOL.md, section 6). */
export function isEndId(id: string): boolean {
  return id.startsWith('~end');
}

/** The end of the call: an `end` is final, and an `error` with an id that says so (PROTOCOL.md, section 6). */
function endFrom(event: SseEvent, parser: SseParser, options: StreamOptions): ConnectionFailure | undefined {
  const end = objectFrom(parseJson(event.data));
  const isEnd = event.type === 'end';
  const error = isEnd
    ? errorFromStatusObject(end.status)
    : errorFromErrorObject(end.error, { truncated: end.truncated === true });
  if (error !== undefined) return failure(error, parser, isEnd || isEndId(event.lastEventId));
  options.onTrailers?.(objectFrom(end.trailers));
  return undefined;
}

function failure(error: SluiceError, parser: SseParser, isFinal = false): ConnectionFailure {
  return {
    error,
    isFinal,
    retryMs: Math.max(parser.retryMs ?? 0, error.retryAfterMs ?? 0),
  };
}
