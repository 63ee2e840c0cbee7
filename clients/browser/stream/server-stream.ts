import { wait } from '../../retry/wait.js';
import { type CallScope, openCallScope } from '../shared/call-scope.js';
import { isRetryable } from '../shared/code.js';
import type { HttpEndpoint } from '../shared/http-endpoint.js';
import { type JsonObject, stringifyJson } from '../shared/json.js';
import { whenPageShown } from '../shared/page-lifecycle.js';
import { mayReconnect, reconnectDelayMs } from '../shared/reconnect.js';
import {
  type ConnectionFailure,
  isEndId,
  type StreamProgress,
  streamConnection,
} from './stream-connection.js';
import type { StreamOptions } from './stream-options.js';

/** The messages of a server stream. */
export interface ServerStream<Message> extends AsyncIterableIterator<Message> {
  /** The cursor of the last message that was taken, and before the first one that after which the stream begins; empty without cursors. */
  readonly lastEventId: string;
  /** Where the call is found by others, and later (PROTOCOL.md, section 22). Undefined for one that is not detached, and until the gateway has answered. */
  readonly location: string | undefined;
}

/**
 * Calls a server-stream method and gives its messages one by one. The call begins when the first message is asked for. The loop ends
 * when the service ended the call with OK, and throws a `SluiceError` otherwise, also if the connection breaks. A stream with cursors
 * resumes after its last message if the connection is lost or the error is temporary. Without cursors nothing is tried again, because
 * messages would be lost or repeated.
 *
 * Leaving the loop cancels the call. While the loop asks for no message the body is not read, and the service pauses when the browser's own
 * buffer is full: at once in Node, after about 100 MB in Chromium 156 (measured), and never in Firefox. A method or request that
 * cannot be sent throws at once.
 */
export function openServerStream<Message extends JsonObject>(
  endpoint: HttpEndpoint,
  method: string,
  request: unknown,
  options: StreamOptions,
): ServerStream<Message> {
  const url = endpoint.httpUrl(method);
  const body = stringifyJson(request);
  const progress: StreamProgress = { cursor: options.lastEventId ?? '', location: undefined, failures: 0 };
  let scope: CallScope | undefined;

  async function* run(): AsyncGenerator<Message, void, undefined> {
    // PROTOCOL.md, section 6: such an id says that the call has ended.
    if (isEndId(progress.cursor)) return;
    const call = openCallScope(options);
    scope = call;
    const send = async (signal: AbortSignal) => {
      const post = await endpoint.post(body, {
        accept: 'text/event-stream',
        headers: options.headers,
        timeoutMs: call.remainingMs(),
        lastEventId: progress.cursor,
        signal,
      });
      return await endpoint.fetch(url, post);
    };
    try {
      for (;;) {
        const failure = yield* streamConnection<Message>(send, progress, call.signal, options);
        if (failure === undefined) return;
        await waitToReconnect(failure, progress, call, options, endpoint);
      }
    } finally {
      call.close();
    }
  }

  const messages = run();
  return {
    get lastEventId() {
      return progress.cursor;
    },
    get location() {
      return progress.location;
    },
    next: () => messages.next(),
    async return() {
      // Aborts first: the generator's own return() would wait for a pending next(), which may wait for a silent service.
      scope?.close();
      await messages.return();
      return { done: true, value: undefined };
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}

/** Waits until the stream may reconnect. Throws the error if it may not. */
async function waitToReconnect(
  { error, isFinal, retryMs }: ConnectionFailure,
  progress: StreamProgress,
  scope: CallScope,
  options: StreamOptions,
  endpoint: HttpEndpoint,
): Promise<void> {
  if (scope.signal.aborted) throw scope.errorFrom(error);
  if (
    isFinal ||
    progress.cursor === '' ||
    !mayReconnect(progress.failures, options) ||
    !(isRetryable(error.code) || endpoint.renews?.(error.code))
  )
    throw error;
  progress.failures += 1;
  const delayMs = reconnectDelayMs(progress.failures, options, retryMs);
  options.onReconnect?.({ attempt: progress.failures, delayMs, error });
  await wait(delayMs, scope.signal);
  await whenPageShown(scope.signal);
}
