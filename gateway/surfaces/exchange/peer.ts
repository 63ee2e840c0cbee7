/** The client's end of an exchange: a response, over HTTP/1.1 or a stream of HTTP/2, a WebSocket, a call of a session. */
export interface Peer {
  /** The client has left, or has been sent everything. */
  readonly isClosed: boolean;
  /** Calls `listener` once, when `isClosed` becomes true; at once when it is. One listener a peer. */
  onLeft(listener: () => void): void;
  /** Looks after a client that may vanish without a word; ends with the peer. Called once, in the tick in which the exchange begins. */
  watch(): void;
  /** Closes the connection now, in the middle of whatever is on it; `onLeft` follows. On a closed one it does nothing. */
  cut(): void;
  /** What was written to its connection, of this exchange or of others on it, and has not left the process, in bytes. Absent: not known. */
  readonly socketBytes?: number;
}
