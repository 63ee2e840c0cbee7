/** The options of the WebSockets that the calls of a client share: `session` of `createClient`. */
export interface SessionOptions {
  /** How many calls one socket carries before another one is opened. Default 100, the default limit of the gateway (`--session-calls`). */
  readonly callsPerSession?: number;
  /**
   * How long a socket without calls stays open, in milliseconds. Default 30 000: long enough for a page that calls repeatedly, short enough
   * that forgotten tabs hold neither a connection nor a gateway that shuts down.
   */
  readonly idleMs?: number;
  /** How long the handshake may take, in milliseconds. Default 20 000; after it the call fails with UNAVAILABLE. */
  readonly openTimeoutMs?: number;
  /**
   * WebSockets count as blocked if the handshake takes longer than this, in milliseconds, while the gateway answers HTTP: calls of one
   * message then go over HTTP. Default 5 000. A handshake that is refused counts at once.
   */
  readonly fallbackAfterMs?: number;
  /** How long WebSockets count as blocked before a call tries one again, in milliseconds. Default 30 000. */
  readonly fallbackRetryMs?: number;
  /** After this time without a frame, in milliseconds, the gateway is pinged while calls are open; see `createLivenessCheck`. Default 15 000. */
  readonly pingMs?: number;
  /** `send` waits while the browser holds more unsent bytes than this. Default 256 KiB. */
  readonly highWaterBytes?: number;
  /**
   * The largest message to send, in bytes of JSON with its frame. Default 4 MiB, the default limit of the gateway (`--max-message-bytes`).
   * A longer one fails here with RESOURCE_EXHAUSTED: the gateway would close the socket, and with it all its calls.
   */
  readonly maxMessageBytes?: number;
  /** The longest wait before a lost socket is replaced, in milliseconds; it doubles with each failure, and the wait is random below it. Default 500. */
  readonly reconnectBaseMs?: number;
  /** The longest wait, in milliseconds, also when the gateway asks for a longer one. Default 30 000. */
  readonly reconnectMaxMs?: number;
}
