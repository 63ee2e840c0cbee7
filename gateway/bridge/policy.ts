/** The bounds of what is kept for a client that is behind. */
export interface StoreBounds {
  /** The most messages, at least 1. */
  readonly maxMessages: number;
  /**
   * The most bytes, overhead included, at least 1. One message alone may be larger: the newest is always kept, so that what a client
   * gets at last is never older than it must be.
   */
  readonly maxBytes: number;
}

/** The newest message of each key, in the order in which the keys arrived. */
export interface Conflate extends StoreBounds {
  readonly policy: 'conflate';
  /** The key of a message. Throws `RpcError` for bytes that are no message. */
  readonly keyOf: (message: Uint8Array) => string;
}

/** The newest messages. */
export interface DropOldest extends StoreBounds {
  readonly policy: 'drop-oldest';
}

/** The service waits, but not for ever. */
export interface Disconnect {
  readonly policy: 'disconnect';
  /** How long a client may make no room while something waits for it, in milliseconds. */
  readonly afterMs: number;
}

/**
 * What becomes of messages that come faster than the client takes them. Without one the service waits (`pause`), and nothing
 * is lost. Source: PROTOCOL.md section 13.
 */
export type SlowReader = Conflate | DropOldest | Disconnect;
