import { pageHiddenError } from '../shared/call-scope.js';
import { errorFromSessionClose } from '../shared/close-status.js';
import { Code } from '../shared/code.js';
import { createDeferred } from '../shared/deferred.js';
import type { Endpoint } from '../shared/endpoint.js';
import { onPageHide } from '../shared/page-lifecycle.js';
import { SluiceError } from '../shared/sluice-error.js';
import { createSocketRoom } from '../shared/socket-room.js';
import { type AttemptEvents, createAttemptTable, type OpenAttempt } from './attempt-table.js';
import { createLivenessCheck } from './liveness-check.js';
import {
  creditFrame,
  messageFrame,
  type OpenFrame,
  openFrame,
  PING_FRAME,
  plainFrame,
  type ServerFrame,
  serverFrameFromText,
} from './session-frame.js';

/** The part of a call that happens on one session; all of it, unless the call moves. */
export interface Attempt {
  /** Sends one message, JSON already. The caller has the credit for it. */
  send(message: string): void;
  /** Resolves when the socket has room for more. */
  room(signal: AbortSignal): Promise<void>;
  halfClose(): void;
  /** Lets so many more messages come. */
  grant(messages: number): void;
  /** Ends the attempt: the gateway is told, and nothing that still comes is passed on. Does nothing after the end. */
  cancel(): void;
}

/** One WebSocket with many calls on it. */
export interface SessionSocket {
  /** Resolves when the socket is open; rejects with a `SluiceError` when it never will be. */
  readonly opened: Promise<void>;
  /** Whether one more call may begin here now. Not before the socket is open. */
  readonly hasRoom: boolean;
  /** Whether the gateway has said that it goes. */
  readonly leaving: boolean;
  /** Begins a call, whose frames are told to `events`, never in this tick. */
  begin(open: OpenFrame, events: AttemptEvents): Attempt;
  /** Closes the socket; its calls end with `error`. */
  close(error: SluiceError): void;
}

export interface SessionSocketSettings {
  readonly callsPerSession: number;
  readonly idleMs: number;
  readonly openTimeoutMs: number;
  readonly pingMs: number;
  readonly highWaterBytes: number;
}

export interface SessionSocketEvents {
  /** The gateway said its first word: it is one, and it is alive. */
  onAlive(): void;
  onGoAway(reconnectAfterMs: number): void;
  /** Told once, at the very end. `error` is undefined when we closed it because nobody needed it. */
  onClose(error: SluiceError | undefined): void;
}

/** Ids are uint32. */
const MAX_ID = 2 ** 32 - 1;

/**
 * Opens a session at once. A gateway that breaks the protocol is closed with 4400, and its calls end with INTERNAL; a lost socket ends
 * them with UNAVAILABLE. Nothing is thrown from an event.
 */
export function openSessionSocket(
  endpoint: Endpoint,
  settings: SessionSocketSettings,
  events: SessionSocketEvents,
): SessionSocket {
  const socket = endpoint.openSession();
  const room = createSocketRoom(socket, settings.highWaterBytes);
  const opened = createDeferred<void>();
  const calls = createAttemptTable();
  let lastId = 0;
  let isOpen = false;
  let alive = false;
  let leaving = false;
  let closed = false;
  let idleTimer: ReturnType<typeof setTimeout> | undefined;

  const shut = (error: SluiceError | undefined, code: number, reason = '') => {
    if (closed) return;
    closed = true;
    clearTimeout(openTimer);
    clearTimeout(idleTimer);
    liveness.stop();
    stay();
    socket.removeEventListener('open', onOpen);
    socket.removeEventListener('message', onMessage);
    socket.removeEventListener('close', onClose);
    // `onError` stays: closing a socket that is still connecting raises one more, and that must not be uncaught.
    socket.close(code, reason);
    const cause = error ?? new SluiceError(Code.CANCELLED, 'the session was closed');
    opened.reject(cause);
    // First, so that a call that is made again at once finds no session here.
    events.onClose(error);
    calls.end(cause);
  };
  const liveness = createLivenessCheck({
    everyMs: settings.pingMs,
    unsentBytes: () => socket.bufferedAmount,
    ask: () => socket.send(PING_FRAME),
    onDead: () => {
      // 1000 is the only standard code that a script may give.
      shut(new SluiceError(Code.UNAVAILABLE, 'the gateway does not answer any more'), 1000);
    },
  });
  const restWhenIdle = () => {
    if (calls.size > 0 || closed) return;
    liveness.stop();
    // Nobody can use a session that its gateway is leaving.
    clearTimeout(idleTimer);
    if (leaving) shut(undefined, 1000);
    else idleTimer = setTimeout(() => shut(undefined, 1000), settings.idleMs);
  };
  const take = (frame: ServerFrame) => {
    switch (frame.type) {
      case 'pong':
        return;
      case 'goAway':
        if (leaving) return;
        leaving = true;
        events.onGoAway(frame.reconnectAfterMs);
        calls.goAway();
        break;
      default:
        calls.take(frame);
    }
    restWhenIdle();
  };

  const onOpen = () => {
    isOpen = true;
    clearTimeout(openTimer);
    opened.resolve();
    restWhenIdle();
  };
  const onMessage = (event: { data: unknown }) => {
    liveness.heard();
    try {
      if (typeof event.data !== 'string')
        throw new SluiceError(Code.INTERNAL, 'the gateway sent a binary frame, this client speaks JSON');
      const frame = serverFrameFromText(event.data);
      if (!alive) {
        alive = true;
        events.onAlive();
      }
      if (frame !== undefined) take(frame);
    } catch (reason) {
      const error =
        reason instanceof SluiceError
          ? reason
          : new SluiceError(Code.INTERNAL, 'a frame could not be taken', { cause: reason });
      shut(error, 4400, 'a frame from the gateway breaks the protocol');
    }
  };
  const onClose = (event: { code: number; reason: string }) => {
    shut(errorFromSessionClose(event.code, event.reason, alive), 1000);
  };
  // `close` always follows and says more.
  const onError = () => undefined;
  const stay = onPageHide(() => shut(pageHiddenError(), 1000));
  const openTimer = setTimeout(() => {
    shut(new SluiceError(Code.UNAVAILABLE, `no WebSocket within ${settings.openTimeoutMs} ms`), 1000);
  }, settings.openTimeoutMs);
  socket.addEventListener('open', onOpen);
  socket.addEventListener('message', onMessage);
  socket.addEventListener('close', onClose);
  socket.addEventListener('error', onError);

  return {
    opened: opened.promise,
    get hasRoom() {
      return isOpen && !closed && !leaving && calls.size < settings.callsPerSession && lastId < MAX_ID;
    },
    get leaving() {
      return leaving;
    },
    begin(open, attemptEvents) {
      clearTimeout(idleTimer);
      lastId += 1;
      const id = lastId;
      const entry: OpenAttempt = { allowed: open.credit, granted: 0, events: attemptEvents };
      calls.add(id, entry);
      liveness.start();
      const write = (text: string) => {
        // After the end a frame would be for nobody; after the close there is no one to send it to.
        if (calls.has(id, entry)) socket.send(text);
      };
      write(openFrame(id, open));
      return {
        send(message) {
          entry.granted -= 1;
          write(messageFrame(id, message));
        },
        room: (signal) => room.wait(signal),
        halfClose: () => write(plainFrame('halfClose', id)),
        grant(messages) {
          entry.allowed += messages;
          write(creditFrame(id, messages));
        },
        cancel() {
          if (entry.events === undefined) return;
          entry.events = undefined;
          write(plainFrame('cancel', id));
        },
      };
    },
    close: (error) => shut(error, 1000),
  };
}
