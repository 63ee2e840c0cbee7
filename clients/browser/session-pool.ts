import { backoffMs, wait } from '../retry/index.js';
import { Code } from './code.js';
import type { Endpoint } from './endpoint.js';
import { pageShown } from './page-life.js';
import { openSession, type Session, type SessionSettings } from './session.js';
import { SluiceError } from './sluice-error.js';
import { unlessAborted } from './unless-aborted.js';

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
  /** A gateway that is silent this long while calls are open is asked whether it is there; see `createPulse`. Default 15 s. */
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
   * while the gateway is away, that waits its time. Rejects with UNAVAILABLE when the attempt that it waited for failed, with the
   * signal's reason, and with FAILED_PRECONDITION once the pool is closed.
   */
  begin<Value>(signal: AbortSignal, begin: (session: Session) => Value): Promise<Value>;
  /** Closes all sockets; their calls end with CANCELLED. */
  close(): void;
}

/** Creates a pool. Nothing is opened until a call begins. */
export function createSessionPool(endpoint: Endpoint, options: SessionOptions): SessionPool {
  const settings: SessionSettings = {
    callsPerSession: options.callsPerSession ?? 100,
    idleMs: options.idleMs ?? 30_000,
    openTimeoutMs: options.openTimeoutMs ?? 20_000,
    pingMs: options.pingMs ?? 15_000,
    highWaterBytes: options.highWaterBytes ?? 256 * 1024,
  };
  const backoff = { baseMs: options.reconnectBaseMs ?? 500, maxMs: options.reconnectMaxMs ?? 30_000 };
  const sessions = new Set<Session>();
  const closing = new AbortController();
  /** Losses since the gateway last said something. */
  let failures = 0;
  /** No socket is opened before this resolves. */
  let rest = Promise.resolve();
  let connecting: Promise<Session> | undefined;
  /** Calls that wait for a socket. */
  let waiting = 0;

  const restFor = (ms: number) => {
    rest = wait(Math.min(ms, backoff.maxMs), closing.signal).catch(() => undefined);
  };
  const connect = async (): Promise<Session> => {
    // A gateway may ask for more rest meanwhile.
    for (let rested: unknown; rested !== rest; ) {
      rested = rest;
      await rest;
    }
    await pageShown(closing.signal);
    closing.signal.throwIfAborted();
    if (waiting === 0) throw new SluiceError(Code.CANCELLED, 'nobody waits for a session any more');
    let lost: SluiceError | undefined;
    const session: Session = openSession(endpoint, settings, {
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
    await session.opened;
    if (lost !== undefined) throw lost;
    return session;
  };
  const connected = () => {
    connecting ??= connect().finally(() => {
      connecting = undefined;
    });
    return connecting;
  };
  return {
    maxMessageBytes: options.maxMessageBytes ?? 4 * 1024 * 1024,
    async begin(signal, begin) {
      if (closing.signal.aborted) {
        throw new SluiceError(Code.FAILED_PRECONDITION, 'the client is closed');
      }
      for (;;) {
        signal.throwIfAborted();
        closing.signal.throwIfAborted();
        for (const session of sessions) {
          if (session.hasRoom) return begin(session);
        }
        waiting += 1;
        try {
          await unlessAborted(connected(), signal);
        } finally {
          waiting -= 1;
        }
      }
    },
    close() {
      const error = new SluiceError(Code.CANCELLED, 'the client was closed');
      closing.abort(error);
      for (const session of [...sessions]) session.close(error);
    },
  };
}
