import type { CallScope } from '../shared/call-scope.js';
import { Code } from '../shared/code.js';
import { errorFromResponse } from '../shared/error-from-wire.js';
import { SluiceError } from '../shared/sluice-error.js';
import type { SseEvent, SseParser } from './sse-parser.js';

export interface EventStreamOptions {
  /** Sends the request, with the signal of `scope`. */
  readonly open: () => Promise<Response>;
  readonly parser: SseParser;
  /** The scope of this connection alone: a timeout aborts it. */
  readonly scope: CallScope;
  /** The longest wait for the next bytes, and for the head of the response, in milliseconds; then UNAVAILABLE. Default 45 000. */
  readonly idleTimeoutMs?: number | undefined;
  /** The longest wait for the head of the response, in milliseconds. Default: `idleTimeoutMs`. */
  readonly headTimeoutMs?: number;
  /** The events of a response that is no event stream; undefined if it is not accepted, and then it is INTERNAL. Default: none is. */
  readonly eventsOf?: (response: Response, contentType: string) => Promise<readonly SseEvent[]> | undefined;
  readonly onHeaders: ((headers: Headers) => void) | undefined;
}

/** Three heartbeats of the gateway, in milliseconds. */
export const DEFAULT_IDLE_TIMEOUT_MS = 45_000;

/**
 * The events of one HTTP response. The body is read only while the caller asks for events, so a slow caller fills the connection and
 * pauses the service. Ends when the body ends, whether or not the call ended then. Throws a `SluiceError` for a response that is
 * no event stream. Leaving the loop does not end the connection: the scope does.
 */
export async function* readEventStream(
  options: EventStreamOptions,
): AsyncGenerator<SseEvent, void, undefined> {
  const { parser, scope, idleTimeoutMs = DEFAULT_IDLE_TIMEOUT_MS } = options;
  const watched = async <Value>(pending: Promise<Value>, timeoutMs = idleTimeoutMs): Promise<Value> => {
    const timer = setTimeout(() => {
      scope.abort(new SluiceError(Code.UNAVAILABLE, `the gateway was silent for ${timeoutMs} ms`));
    }, timeoutMs);
    try {
      return await pending;
    } catch (cause) {
      throw scope.errorFrom(cause);
    } finally {
      clearTimeout(timer);
    }
  };

  const response = await watched(options.open(), options.headTimeoutMs);
  options.onHeaders?.(response.headers);
  if (response.status !== 200) throw await watched(errorFromResponse(response));
  const contentType = response.headers.get('content-type') ?? '';
  const events = options.eventsOf?.(response, contentType);
  if (events !== undefined) return yield* await watched(events);
  if (!/^text\/event-stream\s*(;|$)/i.test(contentType)) {
    throw new SluiceError(Code.INTERNAL, `the response is not an event stream but "${contentType}"`);
  }
  const reader = response.body?.getReader();
  if (reader === undefined) return;
  for (;;) {
    const { done, value } = await watched(reader.read());
    if (done) return;
    yield* parser.push(value);
  }
}
