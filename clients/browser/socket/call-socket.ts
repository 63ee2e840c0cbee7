import { type CallScope, openCallScope } from '../shared/call-scope.js';
import { errorFromClose } from '../shared/close-status.js';
import { Code } from '../shared/code.js';
import { createDeferred } from '../shared/deferred.js';
import type { Endpoint, WebSocketLike } from '../shared/endpoint.js';
import { type JsonObject, parseJson, stringifyJson } from '../shared/json.js';
import { createSendQueue } from '../shared/send-queue.js';
import { singleAnswer } from '../shared/single-answer.js';
import { SluiceError } from '../shared/sluice-error.js';
import { listenToSocket } from '../shared/socket-events.js';
import { whenSocketHasRoom } from '../shared/socket-room.js';
import { createReceiveQueue, type ReceiveQueue } from './receive-queue.js';
import type { SocketOptions } from './socket-options.js';

/**
 * One call on a WebSocket of its own, for client and bidi streams. The answers are read by iterating: the loop ends when the call ended with
 * OK, and throws a `SluiceError` otherwise. Leaving the loop cancels the call.
 *
 * A browser cannot pause a WebSocket, so a slow page cannot pause the service. Answers that wait are bounded, and beyond the bound
 * the call fails with RESOURCE_EXHAUSTED. `client.call` does not have this limit.
 */
export interface CallSocket<Message, Request = unknown> extends AsyncIterableIterator<Message> {
  /**
   * Sends one message, in order. Resolves when the browser has room for the next one: await it, so that a slow service slows the page.
   * Rejects with the call's error once the call is over, with FAILED_PRECONDITION after `halfClose` and after an end with OK, and with
   * INVALID_ARGUMENT for a value that is not JSON.
   */
  send(message: Request): Promise<void>;
  /** Says that no more messages follow; answers still arrive. Resolves when it was sent. May be called again. */
  halfClose(): Promise<void>;
  /** The one answer of a client stream. Rejects with INTERNAL if the call ends with OK and has none, or more than one. */
  result(): Promise<Message>;
  /** Cancels the call: pending reads and sends reject with CANCELLED. Does nothing once the call is over. */
  close(): void;
}

/**
 * Opens the WebSocket of a call at once. Messages may be sent before it is open, and answers are kept from the beginning.
 * A method that cannot be called, and a missing WebSocket, throw at once.
 */
export function openCallSocket<Message extends JsonObject>(
  endpoint: Endpoint,
  method: string,
  options: SocketOptions,
): CallSocket<Message> {
  const { highWaterBytes = 256 * 1024, openTimeoutMs = 20_000 } = options;
  const url = endpoint.socketUrl(method, options.query ?? {});
  const scope = openCallScope({ ...options, endsWithPage: true });
  const received = createReceiveQueue({
    maxMessages: options.maxUnreadMessages ?? 4096,
    maxLength: options.maxUnreadLength ?? 16 * 1024 * 1024,
  });
  const open = (address: string) =>
    followSocket(endpoint.openSocket(address), scope, received, openTimeoutMs);
  let opened: Promise<WebSocketLike>;
  try {
    opened =
      endpoint.ticket === undefined ? open(url) : openWithTicket(url, endpoint.ticket, scope, received, open);
  } catch (cause) {
    scope.close();
    throw cause;
  }
  const sendQueue = createSendQueue(options.maxWaitingLength ?? 16 * 1024 * 1024);
  let halfClosed: Promise<void> | undefined;
  let left = false;

  const sendText = (text: string) =>
    sendQueue.run(text.length, async () => {
      const socket = await opened;
      scope.signal.throwIfAborted();
      socket.send(text);
      await whenSocketHasRoom(socket, highWaterBytes, scope.signal);
    });
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
        throw new SluiceError(Code.FAILED_PRECONDITION, 'send() is not possible after the half-close');
      }
      await sendText(stringifyJson(message));
    },
    halfClose() {
      halfClosed ??= sendText('');
      return halfClosed;
    },
    result: () => singleAnswer(next, close),
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

/** Opens the socket with a ticket, for a WebSocket has no headers. Rejects with why there is none, which ends the call. */
function openWithTicket(
  url: string,
  ticketOf: (signal: AbortSignal) => Promise<string | undefined>,
  scope: CallScope,
  received: ReceiveQueue,
  open: (address: string) => Promise<WebSocketLike>,
): Promise<WebSocketLike> {
  const opening = async () => {
    try {
      const ticket = await ticketOf(scope.signal);
      scope.signal.throwIfAborted();
      const address = new URL(url);
      if (ticket !== undefined) address.searchParams.append('ticket', ticket);
      return await open(address.href);
    } catch (cause) {
      const error = scope.errorFrom(cause);
      received.end(error);
      scope.abort(error);
      scope.close();
      throw error;
    }
  };
  const opened = opening();
  // Nobody may be waiting for it.
  opened.catch(() => undefined);
  return opened;
}

/**
 * Connects the socket, the scope and the queue of a call: the first of them that ends, ends the other two. The returned promise
 * resolves with the socket when the handshake succeeded, and rejects with the error of the scope if the call ended before.
 */
function followSocket(
  socket: WebSocketLike,
  scope: CallScope,
  received: ReceiveQueue,
  openTimeoutMs: number,
): Promise<WebSocketLike> {
  const handshake = createDeferred<WebSocketLike>();
  let opened = false;
  const openTimer = setTimeout(() => {
    scope.abort(new SluiceError(Code.UNAVAILABLE, `the WebSocket did not open within ${openTimeoutMs} ms`));
  }, openTimeoutMs);
  const onOpen = () => {
    opened = true;
    clearTimeout(openTimer);
    handshake.resolve(socket);
  };
  const onMessage = (event: { data: unknown }) => {
    const error =
      typeof event.data === 'string'
        ? received.put(event.data)
        : new SluiceError(
            Code.INTERNAL,
            'the gateway sent a binary frame; this client reads text frames only',
          );
    if (error !== undefined) scope.abort(error);
  };
  const onClose = (event: { code: number; reason: string }) => {
    const error = errorFromClose(event.code, event.reason, opened);
    received.end(error);
    scope.abort(error ?? new SluiceError(Code.FAILED_PRECONDITION, 'the call has ended'));
  };
  const onAbort = () => {
    clearTimeout(openTimer);
    const error = scope.signal.reason as SluiceError;
    received.end(error);
    handshake.reject(error);
    removeListeners();
    socket.close(1000);
    scope.close();
  };
  const removeListeners = listenToSocket(socket, { open: onOpen, message: onMessage, close: onClose });
  if (scope.signal.aborted) onAbort();
  else scope.signal.addEventListener('abort', onAbort, { once: true });
  return handshake.promise;
}
