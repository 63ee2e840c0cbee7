import { backoffMs } from '../../retry/backoff.js';
import type { SluiceError } from './sluice-error.js';

/** A reconnect that is about to happen. */
export interface Reconnect {
  /** The number of this try, from 1. A message that arrives starts the count again. */
  readonly attempt: number;
  /** The wait before it, in milliseconds. */
  readonly delayMs: number;
  /** What ended the connection before it. */
  readonly error: SluiceError;
}

/** The options that a call and a server stream have for reconnects. */
export interface ReconnectOptions {
  /**
   * How many reconnects in a row may fail before the call ends with the last error; a message that arrives starts the count again.
   * 0 never reconnects. Default 8: with the default waits, one to two minutes without a gateway.
   */
  readonly maxReconnects?: number;
  /** The longest wait before the first reconnect, in milliseconds; it doubles each time, and the wait is random below it. Default 500. */
  readonly reconnectBaseMs?: number;
  /** The longest wait, in milliseconds, also when the gateway asks for a longer one. Default 30 000. */
  readonly reconnectMaxMs?: number;
  /** Called before each wait. A move away from a gateway that shuts down is not reported: it delays nothing. */
  readonly onReconnect?: (reconnect: Reconnect) => void;
}

/** Whether a reconnect is allowed after this many failures in a row. */
export function mayReconnect(failures: number, { maxReconnects = 8 }: ReconnectOptions): boolean {
  return failures < maxReconnects;
}

/** The wait before a reconnect, in milliseconds: random below the back-off, and at least `requestedMs`, which the gateway asked for. */
export function reconnectDelayMs(attempt: number, options: ReconnectOptions, requestedMs = 0): number {
  const { reconnectBaseMs: baseMs = 500, reconnectMaxMs: maxMs = 30_000 } = options;
  return Math.min(maxMs, Math.max(requestedMs, backoffMs(attempt, { baseMs, maxMs }, Math.random)));
}
