/** The options of `client.socket`. */
export interface SocketOptions {
  /** Aborting it ends the call with CANCELLED. */
  readonly signal?: AbortSignal;
  /** The deadline of the whole call, in milliseconds. It is kept here, because a browser cannot send it. Default: none. */
  readonly timeoutMs?: number;
  /** How long the handshake may take, in milliseconds. Default 20 000; after it the call fails with UNAVAILABLE. */
  readonly openTimeoutMs?: number;
  /** Message fields in the query of the URL: the gateway sets them in every message. */
  readonly query?: Readonly<Record<string, string>>;
  /** `send` waits while the browser holds more unsent bytes than this. Default 256 KiB. */
  readonly highWaterBytes?: number;
  /** How many characters may wait in calls of `send` that were not awaited. Default 16 Mi; beyond it `send` fails with RESOURCE_EXHAUSTED. */
  readonly maxWaitingLength?: number;
  /** How many answers may wait to be read. Default 4096; beyond it the call fails with RESOURCE_EXHAUSTED. */
  readonly maxUnreadMessages?: number;
  /** How many characters these may have together. Default 16 Mi; beyond it the call fails with RESOURCE_EXHAUSTED. */
  readonly maxUnreadLength?: number;
}
