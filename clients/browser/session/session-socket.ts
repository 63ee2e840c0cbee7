import { pageHiddenError } from '../shared/call-scope.js';
import { errorFromSessionClose } from '../shared/close-status.js';
import { Code } from '../shared/code.js';
import { createDeferred } from '../shared/deferred.js';
import type { Endpoint } from '../shared/endpoint.js';
import { onPageHide } from '../shared/page-lifecycle.js';
import { SluiceError } from '../shared/sluice-error.js';
import { listenToSocket } from '../shared/socket-events.js';
import { whenSocketHasRoom } from '../shared/socket-room.js';
import { createAttemptTable } from './attempt-table.js';
import type { CallTransport } from './call-transport.js';
import { PING_FRAME } from './client-frame.js';
import { createLivenessCheck } from './liveness-check.js';
import { type ServerFrame, serverFrameFromText } from './session-frame.js';

/** One WebSocket that many calls share (PROTOCOL.md, section 12). */
export interface SessionSocket extends CallTransport {
  /** Resolves when the socket is open and its token sent. Rejects with a `SluiceError` if the handshake or the fetch of the token fails. */
  readonly opened: Promise<void>;
}

/** See `SessionOptions`. */
export interface SessionSocketSettings {
  readonly callsPerSession: number;
  readonly idleMs: number;
  readonly openTimeoutMs: number;
  readonly pingMs: number;
  readonly highWaterBytes: number;
  /** The token of who calls; rejects with UNAUTHENTICATED. Absent: none. */
  readonly token?: (() => Promise<string>) | undefined;
  /** Whether the gateway may be told of credit in bytes. */
  readonly countsBytes: boolean;
}

export interface SessionSocketEvents {
  /** The first frame of the gateway arrived. */
  onAlive(): void;
  onGoAway(reconnectAfterMs: number): void;
  /** Called once, at the end, after `refusedBytes` is known. `error` is undefined if this client closed the socket because no call needed it. */
  onClose(error: SluiceError | undefined): void;
}

/** The only standard close code that a script may use. */
const NORMAL_CLOSE = 1000;
const PROTOCOL_ERROR_CLOSE = 4400;
const REFUSED_BYTES = 'unknown field "creditBytes"';

/**
 * Opens a session socket at once. A gateway that breaks the protocol gets the close code 4400, and its calls end with INTERNAL; if the
 * socket is lost, they end with UNAVAILABLE. No event handler throws. The socket closes by itself after `idleMs` without calls.
 */
export function openSessionSocket(
  endpoint: Endpoint,
  settings: SessionSocketSettings,
  events: SessionSocketEvents,
): SessionSocket {
  const socket = endpoint.openSession();
  const opened = createDeferred<void>();
  const attempts = createAttemptTable({
    send: (text) => socket.send(text),
    whenRoom: (signal) => whenSocketHasRoom(socket, settings.highWaterBytes, signal),
    countsBytes: settings.countsBytes,
  });
  let isOpen = false;
  let alive = false;
  let leaving = false;
  let refusedBytes = false;
  let closed = false;
  let idleTimer: ReturnType<typeof setTimeout> | undefined;

  const shut = (error: SluiceError | undefined, code = NORMAL_CLOSE, reason = '') => {
    if (closed) return;
    closed = true;
    clearTimeout(openTimer);
    clearTimeout(idleTimer);
    liveness.stop();
    removeOnPageHide();
    removeListeners();
    socket.close(code, reason);
    const cause = error ?? new SluiceError(Code.CANCELLED, 'the session was closed');
    opened.reject(cause);
    // First, so that a call which is made again at once does not find this session.
    events.onClose(error);
    attempts.end(cause);
  };
  const liveness = createLivenessCheck({
    everyMs: settings.pingMs,
    unsentBytes: () => socket.bufferedAmount,
    ping: () => socket.send(PING_FRAME),
    onDead: () => shut(new SluiceError(Code.UNAVAILABLE, 'the gateway does not answer pings')),
  });
  const startIdleTimer = () => {
    if (attempts.size > 0 || closed) return;
    liveness.stop();
    clearTimeout(idleTimer);
    // No new call can use a session whose gateway shuts down.
    if (leaving) shut(undefined);
    else idleTimer = setTimeout(() => shut(undefined), settings.idleMs);
  };
  const take = (frame: ServerFrame) => {
    switch (frame.type) {
      case 'pong':
        return;
      case 'authExpires':
        // One that fails is told as the end of the calls, when the gateway has waited long enough.
        if (settings.token !== undefined) authenticate(settings.token()).catch(() => undefined);
        return;
      case 'goAway':
        if (leaving) return;
        leaving = true;
        events.onGoAway(frame.reconnectAfterMs);
        attempts.goAway();
        break;
      default:
        attempts.take(frame);
    }
    startIdleTimer();
  };

  const ready = () => {
    if (closed) return;
    isOpen = true;
    opened.resolve();
    startIdleTimer();
  };
  // While the socket opens: the gateway waits for a first frame no longer than 10 s.
  const firstToken = settings.token?.();
  firstToken?.catch((error: SluiceError) => shut(error));
  const authenticate = async (token: Promise<string>) => {
    const frame = JSON.stringify({ auth: { token: await token } });
    if (!closed) socket.send(frame);
  };
  const onOpen = () => {
    clearTimeout(openTimer);
    if (firstToken === undefined) ready();
    else authenticate(firstToken).then(ready, () => undefined);
  };
  const onMessage = (event: { data: unknown }) => {
    liveness.heard();
    try {
      if (typeof event.data !== 'string')
        throw new SluiceError(
          Code.INTERNAL,
          'the gateway sent a binary frame; this client reads text frames only',
        );
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
          : new SluiceError(Code.INTERNAL, 'the client failed to process a frame', { cause: reason });
      shut(error, PROTOCOL_ERROR_CLOSE, 'the gateway sent a frame that breaks the protocol');
    }
  };
  const onClose = (event: { code: number; reason: string }) => {
    // The text of gateways before credit in bytes, which changes no more; they have answered with nothing else.
    refusedBytes = !alive && event.code === PROTOCOL_ERROR_CLOSE && event.reason === REFUSED_BYTES;
    shut(errorFromSessionClose(event.code, event.reason, alive));
  };
  const removeOnPageHide = onPageHide(() => shut(pageHiddenError()));
  const openTimer = setTimeout(() => {
    shut(new SluiceError(Code.UNAVAILABLE, `the WebSocket did not open within ${settings.openTimeoutMs} ms`));
  }, settings.openTimeoutMs);
  const removeListeners = listenToSocket(socket, { open: onOpen, message: onMessage, close: onClose });

  return {
    opened: opened.promise,
    get hasRoom() {
      return isOpen && !closed && !leaving && attempts.hasIds && attempts.size < settings.callsPerSession;
    },
    get leaving() {
      return leaving;
    },
    get refusedBytes() {
      return refusedBytes;
    },
    begin(open, attemptEvents) {
      clearTimeout(idleTimer);
      liveness.start();
      return attempts.begin(open, attemptEvents);
    },
    close: (error) => shut(error),
  };
}
