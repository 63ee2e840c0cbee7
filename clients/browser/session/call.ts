import { abortable } from '../shared/abortable.js';
import { openCallScope } from '../shared/call-scope.js';
import { Code } from '../shared/code.js';
import { createDeferred } from '../shared/deferred.js';
import { type JsonObject, stringifyJson } from '../shared/json.js';
import { createMessageQueue } from '../shared/message-queue.js';
import { createSendQueue } from '../shared/send-queue.js';
import { SluiceError } from '../shared/sluice-error.js';
import { type Reconnect, runAttempts } from './call-attempts.js';
import { type CallStatus, statusFromError } from './call-status.js';
import { createCredit } from './credit.js';
import { type CallEnd, type Gap, type Metadata, messageFrame } from './session-frame.js';
import type { SessionPool } from './session-pool.js';
import type { Attempt } from './session-socket.js';

export interface CallOptions {
  /**
   * The one message of a unary or server-stream call; the half-close follows by itself. Without it such a call sends an empty message as soon as it is open, unless `send` or
   * `end` was called; streams of requests use these.
   */
  readonly request?: unknown;
  /** gRPC metadata of this call; it wins over that of the client. The value of a "-bin" name is base64. */
  readonly metadata?: Metadata;
  /** The deadline of the whole call, however often it is resumed. Default: the gateway's (30 s for unary calls, none for streams). */
  readonly timeoutMs?: number;
  /**
   * Messages that may be on their way to the page or wait for it; the service is paused while so many do. Default 16: enough to hide a
   * round trip of 20 ms from a page that takes 800 messages a second, and with messages of 4 MiB still 64 MiB. Must be from 1 to 2^31-1.
   */
  readonly credit?: number;
  /** Ends the call with CANCELLED. */
  readonly signal?: AbortSignal;
  /** Begin after this cursor, for example the `cursor` of a call before. */
  readonly cursor?: string;
  /**
   * Go on after the last message when the socket is lost, the gateway leaves or the error is a passing one. Needs `request` and messages with
   * cursors; without those nothing is ever tried again, because messages would be lost or come twice. Default true.
   */
  readonly resume?: boolean;
  /** How often in a row to try that before the error is the end; a message starts the count again. Default 8. */
  readonly maxReconnects?: number;
  /** The longest wait before the first such try; it doubles each time and is random below. Default 500 ms. */
  readonly reconnectBaseMs?: number;
  /** No such wait is longer. Default 30 s. */
  readonly reconnectMaxMs?: number;
  /** Characters that may wait in `send` calls nobody awaited. Default 16 Mi; more fails with RESOURCE_EXHAUSTED. */
  readonly maxWaitingLength?: number;
  /** Told before each try to resume. Moving away from a gateway that leaves is not told: nothing is late. */
  readonly onReconnect?: (reconnect: Reconnect) => void;
  /** Told when the stream could not go on where it was asked to: messages between the two cursors are lost. */
  readonly onGap?: (gap: Gap) => void;
  /** Told how many messages the gateway left out because the page was slow (PROTOCOL.md, section 13). */
  readonly onDropped?: (count: number) => void;
}

/** A call of any kind on a session. `headers`, `status` and `trailers` never reject: how the call ended is a value there. */
export interface Call<Message> {
  /**
   * The messages of the service. Taking one makes room for another: while the page takes none, the service stops. The loop ends when
   * the call ended with OK and throws a `SluiceError` otherwise. Leaving it cancels the call.
   */
  readonly messages: AsyncIterableIterator<Message>;
  /**
   * Sends one message, in order, as soon as the service has room for it. Resolves when it has been handed to the browser, and the browser does
   * not hold more than `highWaterBytes`; awaiting it is what makes a slow service slow the sender. Rejects with the call's error once the call is over, FAILED_PRECONDITION after `end`, after an end with
   * OK or when `request` was given, INVALID_ARGUMENT for what is not JSON, and RESOURCE_EXHAUSTED for what is too long; the call goes on.
   */
  send(message: unknown): Promise<void>;
  /** Says that no more messages will come; the answers go on. Resolves when that has left, or the call is over. Saying it again does nothing. */
  end(): Promise<void>;
  /** Ends the call with CANCELLED, here at once, at the service as soon as the gateway hears of it. Does nothing once it is over. */
  cancel(): void;
  /** The one answer of a unary or client-stream call. Rejects with INTERNAL when it ends well with none, or with more than one. */
  result(): Promise<Message>;
  /** The initial metadata of the service (of the first attempt, when the call was resumed); empty when the call ended without. */
  readonly headers: Promise<Metadata>;
  /** How the call ended. It may come before the last messages were taken. */
  readonly status: Promise<CallStatus>;
  /** The trailing metadata; empty when there was none. */
  readonly trailers: Promise<Metadata>;
  /** The cursor of the last message that was taken; what was given in the options before that, else empty. */
  readonly cursor: string;
  /** How many messages the gateway has left out so far because the page was slow. */
  readonly dropped: number;
}

export interface CallStart {
  readonly pool: SessionPool;
  /** "pkg.Service/Method". */
  readonly method: string;
  /** Metadata of every call of the client. Asked again for each attempt, so a token can be a fresh one. */
  readonly clientMetadata: () => Metadata | Promise<Metadata>;
  readonly options: CallOptions;
}

/** Begins a call. Wrong options, and a request that cannot be sent, throw at once; everything else is how the call ends. */
export function openCall<Message extends JsonObject>(start: CallStart): Call<Message> {
  const { pool, method, clientMetadata, options } = start;
  const window = windowFrom(options.credit);
  const textOf = (message: unknown): string => {
    const text = stringifyJson(message);
    assertFits(text, pool.maxMessageBytes);
    return text;
  };
  let request = options.request === undefined ? undefined : textOf(options.request);
  /** The next grant is the first of its attempt, which tells what the method takes. */
  let isFirstGrant = false;
  /** `send` or `end` was called: the caller says what is sent. */
  let begun = false;
  const scope = openCallScope(options);
  const queue = createMessageQueue<{ readonly data: unknown; readonly cursor: string }>();
  const sendQueue = createSendQueue(options.maxWaitingLength ?? 16 * 1024 * 1024);
  const credit = createCredit();
  const opened = createDeferred<void>();
  const headers = createDeferred<Metadata>();
  const status = createDeferred<CallStatus>();
  const trailers = createDeferred<Metadata>();
  let attempt: Attempt | undefined;
  let requestSent = false;
  /** Messages taken since the last grant. */
  let taken = 0;
  let lastCursor = options.cursor ?? '';
  let takenCursor = lastCursor;
  let dropped = 0;
  let ended: Promise<void> | undefined;
  let left = false;

  /** What the page's own callbacks throw ends its call, and nobody else's. */
  const tell = (callback: () => void) => {
    try {
      callback();
    } catch (cause) {
      scope.abort(new SluiceError(Code.UNKNOWN, 'a callback of the page failed', { cause }));
    }
  };
  const finish = ({ error, trailers: given }: CallEnd) => {
    // Whoever waits to send is told.
    scope.abort(error ?? new SluiceError(Code.FAILED_PRECONDITION, 'the call has ended'));
    scope.close();
    queue.end(error);
    headers.resolve({});
    trailers.resolve(given);
    status.resolve(statusFromError(error));
  };
  const owner = {
    async metadata() {
      try {
        return { ...(await clientMetadata()), ...options.metadata };
      } catch (cause) {
        throw new SluiceError(Code.UNKNOWN, 'the metadata of the client could not be made', { cause });
      }
    },
    nextOpenFrame(metadata: Metadata) {
      taken = 0;
      credit.reset();
      requestSent = false;
      return {
        method,
        metadata,
        timeoutMs: scope.remainingMs() ?? 0,
        // What waits here has used its credit.
        credit: window - queue.length,
        cursor: lastCursor,
      };
    },
    onAttempt(next: Attempt) {
      attempt = next;
    },
    mayNeedWebSocket: () => request === undefined,
    canResume: () => request !== undefined && options.resume !== false && lastCursor !== '',
    onOpened() {
      isFirstGrant = true;
      opened.resolve();
    },
    onCredit(messages: number) {
      credit.add(messages);
      // PROTOCOL.md section 12: only a method that takes one message grants one at first.
      if (isFirstGrant && messages === 1 && !begun) request ??= '{}';
      isFirstGrant = false;
      if (request === undefined || requestSent || !credit.tryTake()) return;
      requestSent = true;
      attempt?.send(request);
      attempt?.halfClose();
    },
    onHeaders: (metadata: Metadata) => headers.resolve(metadata),
    onMessage(data: unknown, cursor: string) {
      if (cursor !== '') lastCursor = cursor;
      queue.put({ data, cursor: lastCursor });
    },
    onDropped(count: number) {
      dropped += count;
      tell(() => options.onDropped?.(count));
    },
    onGap: (gap: Gap) => tell(() => options.onGap?.(gap)),
    onReconnect: (reconnect: Reconnect) => tell(() => options.onReconnect?.(reconnect)),
  };
  runAttempts(owner, {
    pool,
    scope,
    maxReconnects: options.maxReconnects ?? 8,
    backoff: { baseMs: options.reconnectBaseMs ?? 500, maxMs: options.reconnectMaxMs ?? 30_000 },
    hasTimeout: options.timeoutMs !== undefined,
  }).then(finish, (cause: unknown) => finish({ error: scope.errorFrom(cause), trailers: {} }));

  const cancel = () => scope.abort(new SluiceError(Code.CANCELLED, 'the call was cancelled'));
  const next = async (): Promise<IteratorResult<Message, undefined>> => {
    if (left) return { done: true, value: undefined };
    const one = await queue.take();
    if (one === undefined) return { done: true, value: undefined };
    takenCursor = one.message.cursor;
    taken += 1;
    // Half of the window at a time: one frame for many messages, and the other half is still on its way meanwhile.
    if (taken >= Math.ceil(window / 2)) {
      attempt?.grant(taken);
      taken = 0;
    }
    return { done: false, value: one.message.data as Message };
  };
  return {
    messages: {
      next,
      async return() {
        left = true;
        cancel();
        queue.clear();
        return { done: true, value: undefined };
      },
      [Symbol.asyncIterator]() {
        return this;
      },
    },
    async send(message) {
      begun = true;
      if (request !== undefined) {
        throw new SluiceError(Code.FAILED_PRECONDITION, 'the request was given, no message can follow');
      }
      if (ended !== undefined) {
        throw new SluiceError(Code.FAILED_PRECONDITION, 'the half-close was sent, no message can follow');
      }
      const text = textOf(message);
      await sendQueue.take(text.length, async () => {
        await credit.take(scope.signal);
        attempt?.send(text);
        await attempt?.room(scope.signal);
      });
    },
    end() {
      begun = true;
      ended ??=
        request !== undefined
          ? Promise.resolve()
          : sendQueue
              .take(0, async () => {
                await abortable(opened.promise, scope.signal);
                attempt?.halfClose();
              })
              // The call is over: how is told by the messages and the status.
              .catch(() => undefined);
      return ended;
    },
    cancel,
    async result() {
      const first = await next();
      const second = first.done === true ? first : await next();
      if (first.done === true || second.done !== true) {
        cancel();
        throw new SluiceError(
          Code.INTERNAL,
          `the call gave ${first.done === true ? 'no answer' : 'more than one answer'}, not one`,
        );
      }
      return first.value;
    },
    headers: headers.promise,
    status: status.promise,
    trailers: trailers.promise,
    get cursor() {
      return takenCursor;
    },
    get dropped() {
      return dropped;
    },
  };
}

function windowFrom(credit = 16): number {
  if (Number.isInteger(credit) && credit >= 1 && credit < 2 ** 31) return credit;
  throw new SluiceError(Code.INVALID_ARGUMENT, 'credit must be a whole number from 1 to 2^31-1');
}

/** The longest frame around a message: its names, and ten digits of an id. */
const FRAME_BYTES = messageFrame(2 ** 32 - 1, '').length;

function assertFits(text: string, maxBytes: number): void {
  const most = maxBytes - FRAME_BYTES;
  // A UTF-16 unit is at most three bytes: only what may be too long is counted.
  if (text.length * 3 <= most || new TextEncoder().encode(text).length <= most) return;
  throw new SluiceError(
    Code.RESOURCE_EXHAUSTED,
    `the message is longer than ${maxBytes} bytes with its frame`,
  );
}
