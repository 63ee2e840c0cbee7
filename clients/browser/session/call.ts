import { openCallScope } from '../shared/call-scope.js';
import { Code } from '../shared/code.js';
import { createDeferred } from '../shared/deferred.js';
import type { JsonObject } from '../shared/json.js';
import type { Reconnect } from '../shared/reconnect.js';
import { SluiceError } from '../shared/sluice-error.js';
import { createCallAnswers, windowFrom } from './call-answers.js';
import { runAttempts } from './call-attempts.js';
import type { CallOptions } from './call-options.js';
import { createCallRequests, requestText } from './call-requests.js';
import { type CallStatus, statusFromError } from './call-status.js';
import type { Attempt } from './call-transport.js';
import type { CreditAmount } from './receive-window.js';
import type { CallEnd, Gap, Metadata } from './session-frame.js';
import type { SessionPool } from './session-pool.js';

/** A call of any kind. `headers`, `status` and `trailers` never reject: how the call ended is a value of `status`. */
export interface Call<Message, Request = unknown> {
  /**
   * The messages of the service. While the page takes none, the service pauses. The loop ends when the call ended with OK, and throws a
   * `SluiceError` otherwise. Leaving the loop cancels the call.
   */
  readonly messages: AsyncIterableIterator<Message>;
  /**
   * Sends one message, in order, as soon as the service has room for it. Resolves when the browser has taken it and holds at most
   * `highWaterBytes`: await it, so that a slow service slows the page. Rejects with the call's error once the call is over, with
   * FAILED_PRECONDITION after `end`, after an end with OK and if `request` was given, with INVALID_ARGUMENT for a value that is not JSON, and
   * with RESOURCE_EXHAUSTED for one that is too long; in the last two cases the call continues.
   */
  send(message: Request): Promise<void>;
  /** Half-closes the call: no more messages will be sent, answers still arrive. Resolves when it was sent or the call is over. May be called again. */
  end(): Promise<void>;
  /** Ends the call with CANCELLED: here at once, at the service when the gateway learns of it. Does nothing once the call is over. */
  cancel(): void;
  /** The one answer of a unary or client-stream call. Rejects with INTERNAL if the call ends with OK and has none, or more than one. */
  result(): Promise<Message>;
  /** The initial metadata of the service, of the first attempt if the call was resumed. Empty if the call ended without. */
  readonly headers: Promise<Metadata>;
  /** How the call ended. May resolve before the last messages were taken. */
  readonly status: Promise<CallStatus>;
  /** The trailing metadata; empty if there was none. */
  readonly trailers: Promise<Metadata>;
  /** The cursor of the last message that was taken. Before the first one, `cursor` of the options, or empty. */
  readonly cursor: string;
  /** How many messages the gateway has left out so far because the page was slow. */
  readonly dropped: number;
}

export interface CallStart {
  readonly pool: SessionPool;
  /** "pkg.Service/Method". */
  readonly method: string;
  /** The metadata of every call of the client. Called for each attempt, so that it can return a fresh token. */
  readonly clientMetadata: () => Metadata | Promise<Metadata>;
  readonly options: CallOptions;
}

/** Begins a call. Wrong options and a request that cannot be sent throw at once; every other failure is how the call ends. */
export function openCall<Message extends JsonObject>(start: CallStart): Call<Message> {
  const { pool, method, clientMetadata, options } = start;
  const window = windowFrom(options.credit, options.creditBytes);
  const request =
    options.request === undefined ? undefined : requestText(options.request, pool.maxMessageBytes);
  const scope = openCallScope(options);
  const cancel = () => scope.abort(new SluiceError(Code.CANCELLED, 'the call was cancelled'));
  let attempt: Attempt | undefined;
  let dropped = 0;
  const requests = createCallRequests({
    request,
    maxMessageBytes: pool.maxMessageBytes,
    maxWaitingLength: options.maxWaitingLength ?? 16 * 1024 * 1024,
    signal: scope.signal,
    attempt: () => attempt,
  });
  const answers = createCallAnswers<Message>({
    window,
    cursor: options.cursor ?? '',
    grant: (amount) => attempt?.grant(amount),
    cancel,
  });
  const headers = createDeferred<Metadata>();
  const status = createDeferred<CallStatus>();
  const trailers = createDeferred<Metadata>();

  /** A callback of the page that throws ends this call, and no other. */
  const notify = (callback: () => void) => {
    try {
      callback();
    } catch (cause) {
      scope.abort(new SluiceError(Code.UNKNOWN, 'a callback in the options of the call threw', { cause }));
    }
  };
  const finish = ({ error, trailers: received }: CallEnd) => {
    // Ends the waits of `send`.
    scope.abort(error ?? new SluiceError(Code.FAILED_PRECONDITION, 'the call has ended'));
    scope.close();
    answers.end(error);
    headers.resolve({});
    trailers.resolve(received);
    status.resolve(statusFromError(error));
  };
  const owner = {
    async metadata() {
      try {
        return { ...(await clientMetadata()), ...options.metadata };
      } catch (cause) {
        throw new SluiceError(Code.UNKNOWN, 'the metadata function of the client failed', { cause });
      }
    },
    nextOpenFrame(metadata: Metadata) {
      requests.startAttempt();
      const { messages: credit, bytes: creditBytes } = answers.startAttempt();
      const timeoutMs = scope.remainingMs() ?? 0;
      return { method, metadata, timeoutMs, credit, creditBytes, cursor: answers.receivedCursor };
    },
    onAttempt(next: Attempt) {
      attempt = next;
    },
    mayNeedWebSocket: () => !requests.isSingle,
    canResume: () => requests.isSingle && options.resume !== false && answers.receivedCursor !== '',
    onOpened: () => requests.onOpened(),
    onCredit: (amount: CreditAmount) => requests.onCredit(amount),
    onHeaders: (metadata: Metadata) => headers.resolve(metadata),
    onMessage: (data: unknown, cursor: string, bytes: number) => answers.put(data, cursor, bytes),
    onDropped(count: number) {
      dropped += count;
      notify(() => options.onDropped?.(count));
    },
    onGap: (gap: Gap) => notify(() => options.onGap?.(gap)),
    onReconnect: (reconnect: Reconnect) => notify(() => options.onReconnect?.(reconnect)),
  };
  runAttempts(owner, {
    pool,
    scope,
    reconnects: options,
    hasTimeout: options.timeoutMs !== undefined,
  }).then(finish, (cause: unknown) => finish({ error: scope.errorFrom(cause), trailers: {} }));

  return {
    messages: answers.messages,
    send: requests.send,
    end: requests.end,
    cancel,
    result: answers.result,
    headers: headers.promise,
    status: status.promise,
    trailers: trailers.promise,
    get cursor() {
      return answers.takenCursor;
    },
    get dropped() {
      return dropped;
    },
  };
}
