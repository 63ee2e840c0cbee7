import { type CallScope, openCallScope } from '../shared/call-scope.js';
import { errorFromClose } from '../shared/close-status.js';
import { Code } from '../shared/code.js';
import type { Endpoint, WebSocketLike } from '../shared/endpoint.js';
import { type JsonObject, parseJson, stringifyJson } from '../shared/json.js';
import { SluiceError } from '../shared/sluice-error.js';
import { createReceiveQueue, type ReceiveQueue } from './receive-queue.js';
import { createSocketSender } from './socket-sender.js';

export interface SocketOptions {
  /** Ends the call with CANCELLED. */
  readonly signal?: AbortSignal;
  /** The time for the whole call, kept here: a browser cannot send it along. Default: none. */
  readonly timeoutMs?: number;
  /** The time for the handshake. Default 20 s; more fails with UNAVAILABLE. */
  readonly openTimeoutMs?: number;
  /** Fields of the query: the gateway sets them in every message. */
  readonly query?: Readonly<Record<string, string>>;
  /** `send` waits while the browser holds more unsent bytes than this. Default 256 KiB. */
  readonly highWaterBytes?: number;
  /** Characters that may wait in `send` calls nobody awaited. Default 16 Mi; more fails with RESOURCE_EXHAUSTED. */
  readonly maxWaitingLength?: number;
  /** Answers that may wait to be taken. Default 4096; more fails with RESOURCE_EXHAUSTED. */
  readonly maxUnreadMessages?: number;
  /** Their characters together. Default 16 Mi; more fails with RESOURCE_EXHAUSTED. */
  readonly maxUnreadLength?: number;
}

/**
 * One call over one WebSocket, for client streams and bidi. The answers come by iterating; the loop ends when the
 * call ended with OK and throws a `SluiceError` otherwise. Leaving the loop cancels the call.
 *
 * A browser's WebSocket cannot be paused: it takes whatever comes, and a page that is slower than the service
 * can push back on nothing. So answers that nobody takes are held up to a bound, and beyond it the call fails with
 * RESOURCE_EXHAUSTED rather than grow without end. For a server stream use `serverStream`, which does pause.
 */
export interface CallSocket<Message> extends AsyncIterableIterator<Message> {
  /**
   * Sends one message, in order. Resolves when the browser has room for the next one; awaiting it is what makes a slow
   * service slow the sender. Rejects with the call's error once the call is over, FAILED_PRECONDITION after `halfClose`
   * or after an end with OK, and INVALID_ARGUMENT for what is not JSON.
   */
  send(message: unknown): Promise<void>;
  /** Says that no more messages will come; the answers go on. Resolves when it is on its way. Saying it again does nothing. */
  halfClose(): Promise<void>;
  /** The one answer of a client stream. Rejects with INTERNAL when the call ends well with none, or with more than one. */
  result(): Promise<Message>;
  /** Cancels the call. Whoever waits gets CANCELLED. Does nothing once the call is over. */
  close(): void;
}

/**
 * Opens the WebSocket of a call at once; messages may be sent before it is open. Answers are kept from the first instant.
 * A method that cannot be called, and a missing WebSocket, throw at once.
 */
export function openCallSocket<Message extends JsonObject>(
  endpoint: Endpoint,
  method: string,
  options: SocketOptions,
): CallSocket<Message> {
  const url = endpoint.socketUrl(method, options.query ?? {});
  const scope = openCallScope({ ...options, endsWithPage: true });
  const received = createReceiveQueue({
    maxMessages: options.maxUnreadMessages ?? 4096,
    maxLength: options.maxUnreadLength ?? 16 * 1024 * 1024,
  });
  let socket: WebSocketLike;
  try {
    socket = endpoint.openSocket(url);
  } catch (cause) {
    scope.close();
    throw cause;
  }
  const sender = createSocketSender({
    socket,
    opened: follow(socket, scope, received, options.openTimeoutMs ?? 20_000),
    signal: scope.signal,
    highWaterBytes: options.highWaterBytes ?? 256 * 1024,
    maxWaitingLength: options.maxWaitingLength ?? 16 * 1024 * 1024,
  });
  let halfClosed: Promise<void> | undefined;
  let left = false;

  const close = () => scope.abort(new SluiceError(Code.CANCELLED, 'the call was cancelled'));
  const next = async (): Promise<IteratorResult<Message, undefined>> => {
    if (left) return { done: true, value: undefined };
    const text = await received.take();
    if (text === undefined) return { done: true, value: undefined };
    try {
      return { done: false, value: parseJson(text) as Message };
    } catch (reason) {
      scope.abort(reason as SluiceError);
      throw reason;
    }
  };
  return {
    async send(message) {
      if (halfClosed !== undefined) {
        throw new SluiceError(Code.FAILED_PRECONDITION, 'the half-close was sent, no message can follow');
      }
      await sender.send(stringifyJson(message));
    },
    halfClose() {
      halfClosed ??= sender.send('');
      return halfClosed;
    },
    async result() {
      const first = await next();
      const second = first.done === true ? first : await next();
      if (first.done === true || second.done !== true) {
        close();
        throw new SluiceError(
          Code.INTERNAL,
          `the call gave ${first.done === true ? 'no answer' : 'more than one answer'}, not one`,
        );
      }
      return first.value;
    },
    close,
    next,
    async return() {
      left = true;
      close();
      received.clear();
      return { done: true, value: undefined };
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}

/**
 * Joins the events of the socket to the call: whatever ends first, the socket, the scope or a full received, ends all three. The
 * returned promise settles with the handshake.
 */
function follow(
  socket: WebSocketLike,
  scope: CallScope,
  received: ReceiveQueue,
  openTimeoutMs: number,
): Promise<void> {
  return new Promise((resolve, reject) => {
    let opened = false;
    const openTimer = setTimeout(() => {
      scope.abort(new SluiceError(Code.UNAVAILABLE, `no WebSocket within ${openTimeoutMs} ms`));
    }, openTimeoutMs);
    const onOpen = () => {
      opened = true;
      clearTimeout(openTimer);
      resolve();
    };
    const onMessage = (event: { data: unknown }) => {
      const error =
        typeof event.data === 'string'
          ? received.put(event.data)
          : new SluiceError(Code.INTERNAL, 'the gateway sent a binary frame, this client speaks JSON');
      if (error !== undefined) scope.abort(error);
    };
    const onClose = (event: { code: number; reason: string }) => {
      const error = errorFromClose(event.code, event.reason, opened);
      received.end(error);
      scope.abort(error ?? new SluiceError(Code.FAILED_PRECONDITION, 'the call has ended'));
    };
    // `close` always follows and says more.
    const onError = () => undefined;
    const onAbort = () => {
      clearTimeout(openTimer);
      const error = scope.signal.reason as SluiceError;
      received.end(error);
      reject(error);
      socket.removeEventListener('open', onOpen);
      socket.removeEventListener('message', onMessage);
      socket.removeEventListener('close', onClose);
      // `onError` stays: closing a socket that is still connecting raises one more, and that must not be uncaught.
      socket.close(1000);
      scope.close();
    };
    socket.addEventListener('open', onOpen);
    socket.addEventListener('message', onMessage);
    socket.addEventListener('close', onClose);
    socket.addEventListener('error', onError);
    if (scope.signal.aborted) onAbort();
    else scope.signal.addEventListener('abort', onAbort, { once: true });
  });
}
