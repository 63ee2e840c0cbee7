import { MAX_ANSWER_BYTES, MAX_ERROR_BYTES, readBodyText } from '../shared/body-text.js';
import type { CallScope } from '../shared/call-scope.js';
import { Code } from '../shared/code.js';
import { errorFromHttp } from '../shared/error-from-wire.js';
import { SluiceError } from '../shared/sluice-error.js';
import type { SseEvent, SseParser } from './sse-parser.js';

export interface EventStreamOptions {
  /** Sends the request. Its signal is that of the scope. */
  readonly open: () => Promise<Response>;
  readonly parser: SseParser;
  /** The scope of this connection alone: the watchdog aborts it. */
  readonly scope: CallScope;
  /** How long no byte may come while we wait for one, the head included. */
  readonly idleTimeoutMs: number;
  /** How long the head may take. Default: `idleTimeoutMs`. */
  readonly headTimeoutMs?: number;
  /** The answer may be JSON, too: one `message` and an `end` with OK. Default: that is INTERNAL. */
  readonly takesJson?: boolean;
  readonly onHeaders: ((headers: Headers) => void) | undefined;
}

/**
 * The events of one HTTP answer, read only as they are asked for: while nobody asks, the body is not read, the connection
 * fills and the service waits. Ends when the body ends, whether or not that was the end of the call. Anything but an event
 * stream is a `SluiceError`. Leaving the loop does not end the connection: the scope does.
 */
export async function* readEventStream(
  options: EventStreamOptions,
): AsyncGenerator<SseEvent, void, undefined> {
  const { parser, scope, idleTimeoutMs } = options;
  const watched = async <Value>(pending: Promise<Value>, timeoutMs = idleTimeoutMs): Promise<Value> => {
    const timer = setTimeout(() => {
      scope.abort(new SluiceError(Code.UNAVAILABLE, `the stream was silent for ${timeoutMs} ms`));
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
  if (response.status !== 200) {
    const text = await watched(readBodyText(response, MAX_ERROR_BYTES));
    throw errorFromHttp(response.status, response.headers, text);
  }
  const contentType = response.headers.get('content-type') ?? '';
  if (options.takesJson === true && /^application\/json\s*(;|$)/i.test(contentType)) {
    const data = await watched(readBodyText(response, MAX_ANSWER_BYTES));
    yield { type: 'message', data, lastEventId: '' };
    yield { type: 'end', data: '{"status":{}}', lastEventId: '' };
    return;
  }
  if (!/^text\/event-stream\s*(;|$)/i.test(contentType)) {
    throw new SluiceError(Code.INTERNAL, `the answer is not an event stream but "${contentType}"`);
  }
  const reader = response.body?.getReader();
  if (reader === undefined) return;
  for (;;) {
    const { done, value } = await watched(reader.read());
    if (done) return;
    yield* parser.push(value);
  }
}
