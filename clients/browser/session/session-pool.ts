import { abortable } from '../../retry/abortable.js';
import { backoffMs } from '../../retry/backoff.js';
import { wait } from '../../retry/wait.js';
import { Code } from '../shared/code.js';
import type { Endpoint } from '../shared/endpoint.js';
import { whenPageShown } from '../shared/page-lifecycle.js';
import { SluiceError } from '../shared/sluice-error.js';
import type { CallTransport } from './call-transport.js';
import { createHttpFallback } from './http-fallback.js';
import { openSessionOrFallBack } from './session-opening.js';
import type { SessionOptions } from './session-options.js';
import { openSessionSocket, type SessionSocket, type SessionSocketSettings } from './session-socket.js';

/** The session sockets of one client. */
export interface SessionPool {
  readonly maxMessageBytes: number;
  /** Forgets the token of the client. False: it has none. */
  renewToken(): boolean;
  /**
   * Calls `begin` once, with a transport that has room, and returns its result. Opens a socket if there is none; while the gateway is away, that
   * waits for the back-off. Where WebSockets are blocked the transport is HTTP; when it is time to try a WebSocket again, only calls with
   * `mayNeedWebSocket` wait for the outcome. Rejects with UNAVAILABLE if the attempt to connect failed, with the signal's reason,
   * and with FAILED_PRECONDITION once the pool is closed.
   */
  begin<Value>(
    signal: AbortSignal,
    mayNeedWebSocket: boolean,
    begin: (transport: CallTransport) => Value,
  ): Promise<Value>;
  /** Closes all sockets; their calls end with CANCELLED. */
  close(): void;
}

/**
 * How long a gateway counts as one that does not know credit in bytes, in milliseconds: it may be replaced while the page stays. The
 * first socket after it costs one more handshake if it was not.
 */
const OLD_GATEWAY_MS = 600_000;

/** Creates a pool. It opens no socket until a call begins. */
export function createSessionPool(endpoint: Endpoint, options: SessionOptions): SessionPool {
  const settings: Omit<SessionSocketSettings, 'countsBytes'> = {
    token: endpoint.token,
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
  /** Sockets lost in a row without a frame of the gateway. */
  let failures = 0;
  /** The back-off: no socket is opened before this resolves. */
  let backoffOver = Promise.resolve();
  let connecting: Promise<void> | undefined;
  /** How many calls wait for a socket. */
  let waiting = 0;
  const fallback = createHttpFallback(endpoint);
  /** WebSockets are blocked: the gateway answers HTTP only. */
  let blocked = false;
  /** When a WebSocket is tried again, in the time of `performance.now()`. */
  let retryAt = 0;
  /** Until then no credit in bytes is used, in the time of `performance.now()`: the gateway does not know it. */
  let countsBytesAt = 0;

  const backOffFor = (ms: number) => {
    backoffOver = wait(Math.min(ms, backoff.maxMs), closing.signal).catch(() => undefined);
  };
  const connect = async (): Promise<void> => {
    // A gateway may ask for a longer back-off meanwhile.
    for (let awaited: unknown; awaited !== backoffOver; ) {
      awaited = backoffOver;
      await backoffOver;
    }
    await whenPageShown(closing.signal);
    closing.signal.throwIfAborted();
    if (waiting === 0)
      throw new SluiceError(Code.CANCELLED, 'every call that waited for a session has ended');
    let lost: SluiceError | undefined;
    const open = () => {
      lost = undefined;
      const session: SessionSocket = openSessionSocket(
        endpoint,
        { ...settings, countsBytes: performance.now() >= countsBytesAt },
        {
          onAlive() {
            failures = 0;
          },
          onGoAway: backOffFor,
          onClose(error) {
            sessions.delete(session);
            lost = error;
            if (error === undefined || closing.signal.aborted) return;
            // The gateway does not allow this origin: each call fails at once, because waiting changes nothing.
            if (error.code === Code.PERMISSION_DENIED) return;
            // No failure of the gateway: its calls begin on the next socket.
            if (session.refusedBytes) {
              countsBytesAt = performance.now() + OLD_GATEWAY_MS;
              return;
            }
            failures += 1;
            backOffFor(backoffMs(failures, backoff, Math.random));
          },
        },
      );
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
    // The gateway is reachable: lost handshakes are no reason to back off.
    failures = 0;
    backoffOver = Promise.resolve();
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
    renewToken() {
      endpoint.renews?.(Code.UNAUTHENTICATED);
      return endpoint.token !== undefined;
    },
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
        // In the background: later calls use the socket when it opens.
        if (isTime) connectFor(closing.signal).catch(() => undefined);
        await whenPageShown(signal);
        signal.throwIfAborted();
        closing.signal.throwIfAborted();
        return begin(fallback);
      }
    },
    close() {
      const error = new SluiceError(Code.CANCELLED, 'the client was closed');
      closing.abort(error);
      for (const session of [...sessions, fallback]) session.close(error);
    },
  };
}
