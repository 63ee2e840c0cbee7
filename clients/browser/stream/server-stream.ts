import { backoffMs, wait } from '../../retry/index.js';
import { type CallScope, openCallScope } from '../shared/call-scope.js';
import { Code, isRetryable } from '../shared/code.js';
import { type Endpoint, grpcTimeout } from '../shared/endpoint.js';
import { errorFromErrorObject, errorFromStatusObject } from '../shared/error-from-wire.js';
import { isJsonObject, type JsonObject, parseJson, stringifyJson } from '../shared/json.js';
import { whenPageShown } from '../shared/page-lifecycle.js';
import { SluiceError } from '../shared/sluice-error.js';
import { readEventStream } from './event-stream.js';
import { createSseParser, DEFAULT_MAX_EVENT_LENGTH, type SseEvent, type SseParser } from './sse-parser.js';
import type { UnaryOptions } from './unary.js';

export interface StreamOptions extends UnaryOptions {
  /** Continue after this cursor, for example the `lastEventId` of a stream before. */
  readonly lastEventId?: string;
  /**
   * How often in a row to reconnect before the error is thrown; a message that arrives starts the count again. 0 never
   * reconnects. Default 8: with the waits below, one to two minutes of a gateway that is away.
   */
  readonly maxReconnects?: number;
  /** The longest wait before the first reconnect; it doubles each time and is random below. Default 500 ms. */
  readonly reconnectBaseMs?: number;
  /** No wait is longer, also when the gateway asks for it. Default 30 s. */
  readonly reconnectMaxMs?: number;
  /** How long no byte may come while we wait for one. Default 45 s, three of the gateway's heartbeats. */
  readonly idleTimeoutMs?: number;
  /** The longest event, see `SseParserOptions`. */
  readonly maxEventLength?: number;
  /** Told before each reconnect. */
  readonly onReconnect?: (reconnect: { attempt: number; delayMs: number; error: SluiceError }) => void;
  /** Told when the stream could not continue where it was asked to: messages between the two cursors are lost. */
  readonly onGap?: (gap: JsonObject) => void;
  /** Told how many messages the gateway left out because this reader was slow (PROTOCOL.md, section 13). */
  readonly onDropped?: (count: number) => void;
  /** Told the trailing metadata of a call that ended well. */
  readonly onTrailers?: (trailers: JsonObject) => void;
}

/** The messages of one call. */
export interface ServerStream<Message> extends AsyncIterableIterator<Message> {
  /** The cursor of the last message that was taken; empty where the method has none. */
  readonly lastEventId: string;
}

interface Progress {
  cursor: string;
  /** Connections in a row that brought no message. */
  failures: number;
}

/** How one connection ended: the call is over, or it failed and may be continued. */
type Outcome =
  | { readonly error: SluiceError; readonly retryable: boolean; readonly retryMs: number }
  | 'ended';

/**
 * Calls a server-stream method and gives its messages, one by one. The call begins with the first message that is asked
 * for. The loop ends only when the service ended the call with OK; everything else is a `SluiceError`, also a
 * connection that stops in the middle. Where the messages carry cursors, a lost connection and a retryable error are
 * healed by resuming after the last message; where they do not, nothing is tried again, because messages would be
 * lost or come twice.
 *
 * Leaving the loop cancels the call. While the loop asks for nothing the body is not read, and the service is paused as
 * soon as the browser's own buffer is full: nothing worth mentioning in Node, about 100 MB in Chromium 156 (measured),
 * and in Firefox there is no bound. A method or request that cannot be sent throws at once.
 */
export function openServerStream<Message extends JsonObject>(
  endpoint: Endpoint,
  method: string,
  request: unknown,
  options: StreamOptions,
): ServerStream<Message> {
  const url = endpoint.httpUrl(method);
  const body = stringifyJson(request);
  const progress: Progress = { cursor: options.lastEventId ?? '', failures: 0 };
  let scope: CallScope | undefined;

  async function* run(): AsyncGenerator<Message, void, undefined> {
    // PROTOCOL.md section 6: an id that says "ended" is answered without a call.
    if (isEndId(progress.cursor)) return;
    const call = openCallScope(options);
    scope = call;
    const send = async (signal: AbortSignal) => {
      const remainingMs = call.remainingMs();
      const headers = await endpoint.headers(options.headers ?? {}, {
        'content-type': 'application/json',
        accept: 'text/event-stream',
        ...(progress.cursor === '' ? {} : { 'last-event-id': progress.cursor }),
        ...(remainingMs === undefined ? {} : { 'grpc-timeout': grpcTimeout(remainingMs) }),
      });
      return await endpoint.fetch(url, { method: 'POST', headers, body, signal });
    };
    try {
      for (;;) {
        const outcome = yield* connect<Message>(call, send, progress, options);
        if (outcome === 'ended') return;
        await beforeReconnect(outcome, progress, call, options);
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
    next: () => messages.next(),
    async return() {
      // The abort first: a generator's own return() waits for a next() that may be waiting for a silent service.
      scope?.close();
      await messages.return();
      return { done: true, value: undefined };
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}

/** The messages of one connection, and how it ended. */
async function* connect<Message extends JsonObject>(
  call: CallScope,
  send: (signal: AbortSignal) => Promise<Response>,
  progress: Progress,
  options: StreamOptions,
): AsyncGenerator<Message, Outcome, undefined> {
  const connection = openCallScope({ signal: call.signal, endsWithPage: true });
  const parser = createSseParser({
    lastEventId: progress.cursor,
    maxEventLength: options.maxEventLength ?? DEFAULT_MAX_EVENT_LENGTH,
  });
  try {
    const events = readEventStream({
      open: () => send(connection.signal),
      parser,
      scope: connection,
      idleTimeoutMs: options.idleTimeoutMs ?? 45_000,
      onHeaders: options.onHeaders,
    });
    for await (const event of events) {
      if (event.type === 'end' || event.type === 'error') return takeEnd(event, parser, options);
      if (event.type === 'gap') options.onGap?.(jsonObjectOf(event.data));
      if (event.type === 'dropped') options.onDropped?.(countOf(event.data));
      // Names we do not know are notes for newer clients.
      if (event.type !== 'message') continue;
      const message = parseJson(event.data) as Message;
      progress.cursor = event.lastEventId;
      progress.failures = 0;
      yield message;
    }
    throw new SluiceError(Code.UNAVAILABLE, 'the stream was cut');
  } catch (reason) {
    // What the page's own callbacks throw is not ours to explain or to retry.
    if (!(reason instanceof SluiceError)) throw reason;
    if (!isEndId(parser.lastEventId)) progress.cursor = parser.lastEventId;
    return failed(reason, parser);
  } finally {
    connection.close();
  }
}

function takeEnd(event: SseEvent, parser: SseParser, options: StreamOptions): Outcome {
  const end = jsonObjectOf(event.data);
  if (event.type === 'end') {
    const error = errorFromStatusObject(end.status);
    if (error !== undefined) return { error, retryable: false, retryMs: 0 };
    options.onTrailers?.(isJsonObject(end.trailers) ? end.trailers : {});
    return 'ended';
  }
  const error = errorFromErrorObject(end.error, { truncated: end.truncated === true });
  // The gateway says itself which errors are final: only those carry such an id.
  return isEndId(event.lastEventId) ? { error, retryable: false, retryMs: 0 } : failed(error, parser);
}

function failed(error: SluiceError, parser: SseParser): Outcome {
  return {
    error,
    retryable: isRetryable(error.code),
    retryMs: Math.max(parser.retryMs ?? 0, error.retryAfterMs ?? 0),
  };
}

/** Waits for the next try; throws the error when there is none. */
async function beforeReconnect(
  outcome: Exclude<Outcome, 'ended'>,
  progress: Progress,
  scope: CallScope,
  options: StreamOptions,
): Promise<void> {
  const { error, retryable, retryMs } = outcome;
  const maxReconnects = options.maxReconnects ?? 8;
  if (scope.signal.aborted) throw scope.errorFrom(error);
  if (!retryable || progress.cursor === '' || progress.failures >= maxReconnects) throw error;
  progress.failures += 1;
  const backoff = { baseMs: options.reconnectBaseMs ?? 500, maxMs: options.reconnectMaxMs ?? 30_000 };
  const delayMs = Math.min(
    backoff.maxMs,
    Math.max(retryMs, backoffMs(progress.failures, backoff, Math.random)),
  );
  options.onReconnect?.({ attempt: progress.failures, delayMs, error });
  await wait(delayMs, scope.signal);
  await whenPageShown(scope.signal);
}

/** Ids of PROTOCOL.md section 6 that say "this call is over". */
function isEndId(id: string): boolean {
  return id.startsWith('~end');
}

function jsonObjectOf(data: string): JsonObject {
  const value = parseJson(data);
  return isJsonObject(value) ? value : {};
}

function countOf(data: string): number {
  const { count } = jsonObjectOf(data);
  return typeof count === 'number' ? count : 0;
}
