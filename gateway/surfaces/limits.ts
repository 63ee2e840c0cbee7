/** The bounds and times of the surfaces; complete, resolved once when the gateway opens. */
export interface Limits {
  /** The largest message in either direction, in bytes. Default 4 MiB, gRPC's own limit everywhere. */
  readonly maxMessageBytes: number;
  /** How long the head of a stream waits for the first sign from the service. Default 250. */
  readonly headWaitMs: number;
  /** The longest silence on an SSE stream or a WebSocket before a heartbeat. Default 15 000, as the SSE standard advises. */
  readonly heartbeatMs: number;
  /** What is written towards a client, beyond what it has taken, before the service is paused. Default 64 KiB. */
  readonly highWaterBytes: number;
  /** Deadline of a unary call that asks for none. Default 30 000. */
  readonly unaryTimeoutMs: number;
  /**
   * The least time between two writes to one stream, in milliseconds. Default 0: nothing waits. A few milliseconds save
   * system calls where a service sends many small messages one by one.
   */
  readonly flushMs: number;
  /** What `retry:` tells an `EventSource` after a retryable failure; the real value is spread around it. Default 2 000. */
  readonly retryMs: number;
}

export const DEFAULT_LIMITS: Limits = Object.freeze({
  maxMessageBytes: 4 * 1024 * 1024,
  headWaitMs: 250,
  heartbeatMs: 15_000,
  highWaterBytes: 64 * 1024,
  unaryTimeoutMs: 30_000,
  flushMs: 0,
  retryMs: 2_000,
});

/** A delay between half and one and a half of `ms`, so that clients of a draining gateway do not come back all at once. */
export function spread(ms: number): number {
  return Math.round(ms * (0.5 + Math.random()));
}
