import { openCallScope } from '../shared/call-scope.js';
import { Code, isRetryable } from '../shared/code.js';
import { errorFromErrorObject, errorFromStatusObject } from '../shared/error-from-wire.js';
import { isJsonObject, type JsonObject, parseJson } from '../shared/json.js';
import { SluiceError } from '../shared/sluice-error.js';
import { DEFAULT_IDLE_TIMEOUT_MS, readEventStream } from './event-stream.js';
import { createSseParser, DEFAULT_MAX_EVENT_LENGTH, type SseEvent, type SseParser } from './sse-parser.js';
import type { StreamOptions } from './stream-options.js';

/** How far a stream has come, over all its connections. */
export interface StreamProgress {
  /** Where the next connection resumes; empty without a cursor. */
  cursor: string;
  /** Connections in a row that brought no message. */
  failures: number;
}

/** How a connection ended: with the end of the call, or with an error after which the stream may resume. */
export type ConnectionEnd =
  | { readonly error: SluiceError; readonly retryable: boolean; readonly retryMs: number }
  | 'ended';

/**
 * The messages of one connection. Returns how it ended, and throws only errors of the page's own callbacks.
 * `send` makes the request; aborting `signal` ends the connection.
 */
export async function* streamConnection<Message extends JsonObject>(
  send: (signal: AbortSignal) => Promise<Response>,
  progress: StreamProgress,
  signal: AbortSignal,
  options: StreamOptions,
): AsyncGenerator<Message, ConnectionEnd, undefined> {
  const scope = openCallScope({ signal, endsWithPage: true });
  const parser = createSseParser({
    lastEventId: progress.cursor,
    maxEventLength: options.maxEventLength ?? DEFAULT_MAX_EVENT_LENGTH,
  });
  try {
    const events = readEventStream({
      open: () => send(scope.signal),
      parser,
      scope,
      idleTimeoutMs: options.idleTimeoutMs ?? DEFAULT_IDLE_TIMEOUT_MS,
      onHeaders: options.onHeaders,
    });
    for await (const event of events) {
      if (event.type === 'end' || event.type === 'error') return endFrom(event, parser, options);
      if (event.type === 'gap') options.onGap?.(jsonObjectOf(event.data));
      if (event.type === 'dropped') options.onDropped?.(countOf(event.data));
      // Unknown events are for newer clients.
      if (event.type !== 'message') continue;
      const message = parseJson(event.data) as Message;
      progress.cursor = event.lastEventId;
      progress.failures = 0;
      yield message;
    }
    throw new SluiceError(Code.UNAVAILABLE, 'the stream was cut: it has no end event');
  } catch (reason) {
    // Thrown by a callback of the page, so it is neither explained nor retried here.
    if (!(reason instanceof SluiceError)) throw reason;
    if (!isEndId(parser.lastEventId)) progress.cursor = parser.lastEventId;
    return failure(reason, parser);
  } finally {
    scope.close();
  }
}

/** Whether an event id says that the call is over (PROTOCOL.md, section 6). */
export function isEndId(id: string): boolean {
  return id.startsWith('~end');
}

function endFrom(event: SseEvent, parser: SseParser, options: StreamOptions): ConnectionEnd {
  const end = jsonObjectOf(event.data);
  if (event.type === 'end') {
    const error = errorFromStatusObject(end.status);
    if (error !== undefined) return { error, retryable: false, retryMs: 0 };
    options.onTrailers?.(isJsonObject(end.trailers) ? end.trailers : {});
    return 'ended';
  }
  const error = errorFromErrorObject(end.error, { truncated: end.truncated === true });
  // Only final errors have such an id.
  return isEndId(event.lastEventId) ? { error, retryable: false, retryMs: 0 } : failure(error, parser);
}

function failure(error: SluiceError, parser: SseParser): ConnectionEnd {
  return {
    error,
    retryable: isRetryable(error.code),
    retryMs: Math.max(parser.retryMs ?? 0, error.retryAfterMs ?? 0),
  };
}

function jsonObjectOf(data: string): JsonObject {
  const value = parseJson(data);
  return isJsonObject(value) ? value : {};
}

function countOf(data: string): number {
  const { count } = jsonObjectOf(data);
  return typeof count === 'number' ? count : 0;
}
