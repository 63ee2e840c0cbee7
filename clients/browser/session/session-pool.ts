import { backoffMs, wait } from '../../retry/index.js';
import { abortable } from '../shared/abortable.js';
import { Code } from '../shared/code.js';
import type { Endpoint } from '../shared/endpoint.js';
import { whenPageShown } from '../shared/page-lifecycle.js';
import { SluiceError } from '../shared/sluice-error.js';
import { createHttpFallback } from './http-fallback.js';
import { openSessionOrFallBack } from './session-opening.js';
import { openSessionSocket, type SessionSocket, type SessionSocketSettings } from './session-socket.js';

export interface SessionOptions {
  /** Open calls on one socket before another one is opened. Default 100, what a gateway allows unless told otherwise (`--session-calls`). */
  readonly callsPerSession?: number;
  /**
   * A socket without calls is closed after this time, in milliseconds. Default 30 s: long enough for a page that calls again and again
   * to keep its socket, short enough that forgotten tabs hold no connection and no gateway back when it wants to leave.
   */
  readonly idleMs?: number;
  /** The time for the handshake. Default 20 s; more is UNAVAILABLE. */
  readonly openTimeoutMs?: number;
  /**
   * A WebSocket whose handshake takes longer than this, while the gateway answers HTTP, counts as one that does not get through: calls of one message go by HTTP then.
   * Default 5 s. One that is refused counts at once.
   */
  readonly fallbackAfterMs?: number;
  /** After this time a call tries a WebSocket again, where it did not get through. Default 30 s. */
  readonly fallbackRetryMs?: number;
  /** A gateway that is silent this long while calls are open is asked whether it is there; see `createLivenessCheck`. Default 15 s. */
  readonly pingMs?: number;
  /** `send` waits while the browser holds more unsent bytes than this. Default 256 KiB. */
  readonly highWaterBytes?: number;
  /**
   * The largest message to send, in bytes of JSON, what wraps it included. Default 4 MiB, what a gateway takes unless told otherwise
   * (`--max-message-bytes`). More fails with RESOURCE_EXHAUSTED here: the gateway would close the socket, and with it all its calls.
   */
  readonly maxMessageBytes?: number;
  /** The longest wait before a lost socket is replaced; it doubles with each failure and is random below. Default 500 ms. */
  readonly reconnectBaseMs?: number;
  /** No wait is longer, also when the gateway asks for it. Default 30 s. */
  readonly reconnectMaxMs?: number;
}

/** The sockets of one client. */
export interface SessionPool {
  readonly maxMessageBytes: number;
  /**
   * Calls `begin`, once, with a session that is open and has room, and returns what it returned. Opens a socket when there is none;
   * while the gateway is away, that waits its time. Where WebSockets do not get through, it is a session over HTTP; `mayNeedWebSocket` waits for the
   * outcome when it is time to try one again, others do not. Rejects with UNAVAILABLE when the attempt that it waited for failed, with the
   * signal's reason, and with FAILED_PRECONDITION once the pool is closed.
   */
  begin<Value>(
    signal: AbortSignal,
    mayNeedWebSocket: boolean,
    begin: (session: SessionSocket) => Value,
  ): Promise<Value>;
  /** Closes all sockets; their calls end with CANCELLED. */
  close(): void;
}

/** Creates a pool. Nothing is opened until a call begins. */
export function createSessionPool(endpoint: Endpoint, options: SessionOptions): SessionPool {
  const settings: SessionSocketSettings = {
    callsPerSession: options.callsPerSession ?? 100,
    idleMs: options.idleMs ?? 30_000,
    openTimeoutMs: options.openTimeoutMs ?? 20_000,
    pingMs: options.pingMs ?? 15_000,
    highWaterBytes: options.highWaterBytes ?? 256 * 1024,
  };
  const backoff = { baseMs: options.reconnectBaseMs ?? 500, maxMs: options.reconnectMaxMs ?? 30_000 };
  const { fallbackAfterMs = 5_000, fallbackRetryMs = 30_000 } = options;
  const sessions = new Set<SessionSocket>();
  const closing = new AbortController();
  /** Losses since the gateway last said something. */
  let failures = 0;
  /** No socket is opened before this resolves. */
  let rest = Promise.resolve();
  let connecting: Promise<void> | undefined;
  /** Calls that wait for a socket. */
  let waiting = 0;
  const overHttp = createHttpFallback(endpoint);
  /** The gateway answers HTTP, and no WebSocket gets through to it. */
  let blocked = false;
  /** When a blocked pool tries again, on the clock of `performance`. */
  let retryAt = 0;

  const restFor = (ms: number) => {
    rest = wait(Math.min(ms, backoff.maxMs), closing.signal).catch(() => undefined);
  };
  const connect = async (): Promise<void> => {
    // A gateway may ask for more rest meanwhile.
    for (let rested: unknown; rested !== rest; ) {
      rested = rest;
      await rest;
    }
    await whenPageShown(closing.signal);
    closing.signal.throwIfAborted();
    if (waiting === 0) throw new SluiceError(Code.CANCELLED, 'no call waits for a session any more');
    let lost: SluiceError | undefined;
    const open = () => {
      lost = undefined;
      const session: SessionSocket = openSessionSocket(endpoint, settings, {
        onAlive() {
          failures = 0;
        },
        onGoAway: restFor,
        onClose(error) {
          sessions.delete(session);
          lost = error;
          if (error === undefined || closing.signal.aborted) return;
          // A page that may not come in learns it with each call at once: no waiting changes it.
          if (error.code === Code.PERMISSION_DENIED) return;
          failures += 1;
          restFor(backoffMs(failures, backoff, Math.random));
        },
      });
      sessions.add(session);
      return session;
    };
    blocked = await openSessionOrFallBack({ endpoint, open, fallbackAfterMs, signal: closing.signal }).then(
      (session) => session === undefined,
      (error: unknown) => {
        blocked = false;
        throw error;
      },
    );
    if (!blocked) {
      if (lost !== undefined) throw lost;
      return;
    }
    // The gateway is there: what was lost is no sign that it wants rest.
    failures = 0;
    rest = Promise.resolve();
    retryAt = performance.now() + fallbackRetryMs;
  };
  const connected = () => {
    connecting ??= connect().finally(() => {
      connecting = undefined;
    });
    return connecting;
  };
  const connectFor = async (signal: AbortSignal) => {
    waiting += 1;
    try {
      await abortable(connected(), signal);
    } finally {
      waiting -= 1;
    }
  };
  return {
    maxMessageBytes: options.maxMessageBytes ?? 4 * 1024 * 1024,
    async begin(signal, mayNeedWebSocket, begin) {
      if (closing.signal.aborted) {
        throw new SluiceError(Code.FAILED_PRECONDITION, 'the client is closed');
      }
      for (;;) {
        signal.throwIfAborted();
        closing.signal.throwIfAborted();
        for (const session of sessions) {
          if (session.hasRoom) return begin(session);
        }
        const isTime = performance.now() >= retryAt;
        if (!blocked || (isTime && mayNeedWebSocket)) {
          await connectFor(signal);
          continue;
        }
        // The next calls have it when it opens; this one need not wait.
        if (isTime) connectFor(closing.signal).catch(() => undefined);
        await whenPageShown(signal);
        signal.throwIfAborted();
        closing.signal.throwIfAborted();
        return begin(overHttp);
      }
    },
    close() {
      const error = new SluiceError(Code.CANCELLED, 'the client was closed');
      closing.abort(error);
      for (const session of [...sessions, overHttp]) session.close(error);
    },
  };
}
