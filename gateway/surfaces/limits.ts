/** The bounds and times of the surfaces; complete, resolved once when the gateway opens. */
export interface Limits {
  /** The largest message in either direction, in bytes. Default 4 MiB, gRPC's own limit everywhere. */
  readonly maxMessageBytes: number;
  /** How long the head of a stream waits for the first sign from the service. Default 250. */
  readonly headWaitMs: number;
  /** The longest silence on SSE, NDJSON, a JSON array or a WebSocket before a heartbeat, in milliseconds. Default 15 000, as the SSE standard advises. */
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
  /**
   * How long a message that has begun may take to arrive whole: a request body, a line, a WebSocket message, 64 KiB of an upload. Only time
   * in which we wait for it counts. Default 60 000: 4 MiB at 70 KB a second. More is 408, or ends the call with DEADLINE_EXCEEDED.
   */
  readonly messageTimeoutMs: number;
  /** The longest silence of a request body between two messages, while we wait for one. Default 300 000. More is 408. */
  readonly bodyIdleMs: number;
  /**
   * What is kept of one stream for a client that is behind, where the method says that the service does not wait, in bytes. Default
   * 1 MiB: a few thousand prices. More, and the oldest goes.
   */
  readonly slowReaderBytes: number;
  /**
   * The longest pause of an exchange: how long a client may take nothing of what one write sent it (a message, or what had come together), and
   * how long a service may leave a client's message. Default 300 000: long enough for a laptop lid. More ends the exchange.
   */
  readonly maxPauseMs: number;
  /**
   * The largest head of a request: its line and its header fields, in bytes. Default 16 KiB, Node's own limit and more than most servers take. More
   * is 431.
   */
  readonly maxHeadBytes: number;
  /** How long the head of a request may take, from the connection or the first byte on. Default 30 000. More is 408. */
  readonly requestHeadMs: number;
  /** What `retry:` tells an `EventSource` after a retryable failure; the real value is spread around it. Default 2 000. */
  readonly retryMs: number;
  /** Calls that may be open in one session; one more closes it with 4429. Default 100, what HTTP/2 servers allow on a connection. */
  readonly sessionCalls: number;
  /** Exchanges that may be open, of all clients together. Default 20 000; more are 503. 0: any number. */
  readonly exchanges: number;
  /**
   * Those of one address (IPv6: one /64). Default 400, and only a quarter of the places at the service of them may have a call (see
   * `ResolvedGatewayOptions.callsPerAddress`); more are 429. 0: any number.
   */
  readonly exchangesPerAddress: number;
  /** Connections that one address may have open. Default 200; more are refused at once. 0: any number. */
  readonly connectionsPerAddress: number;
  /** Bytes of request messages that are not whole yet, of all clients together. Default 64 MiB; more are 503, the newest first. 0: any number. */
  readonly unfinishedBytes: number;
  /** How long a session may wait for its first frame. Default 10 000; it is closed with 4408 then. */
  readonly firstFrameMs: number;
}

export const DEFAULT_LIMITS: Limits = Object.freeze({
  maxMessageBytes: 4 * 1024 * 1024,
  headWaitMs: 250,
  heartbeatMs: 15_000,
  highWaterBytes: 64 * 1024,
  unaryTimeoutMs: 30_000,
  flushMs: 0,
  messageTimeoutMs: 60_000,
  bodyIdleMs: 300_000,
  slowReaderBytes: 1024 * 1024,
  maxPauseMs: 300_000,
  maxHeadBytes: 16 * 1024,
  requestHeadMs: 30_000,
  retryMs: 2_000,
  sessionCalls: 100,
  exchanges: 20_000,
  exchangesPerAddress: 400,
  connectionsPerAddress: 200,
  unfinishedBytes: 64 * 1024 * 1024,
  firstFrameMs: 10_000,
});

/** A delay between half and one and a half of `ms`, so that clients of a draining gateway do not come back all at once. */
export function spread(ms: number): number {
  return Math.round(ms * (0.5 + Math.random()));
}
