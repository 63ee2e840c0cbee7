/** What a write costs to keep besides its bytes: a buffer, its memory and its places in queues. */
export const WRITE_BYTES = 400;

/** A WebSocket, as a session needs it. */
export interface FrameSocket {
  /** Bytes that were written and that the client's side of the connection has not taken, with `WRITE_BYTES` for each write. */
  readonly bufferedBytes: number;
  /**
   * Writes whole WebSocket messages, heads included, after those before them. `onLeft` is called once, later: they have left this
   * process, or never will.
   */
  write(frames: Uint8Array, onLeft: () => void): void;
  /** Pings the client: its answer brings the number back, and says that it has all that was written before. */
  ping(position: number): void;
  /** Hears the numbers of answers to `ping`. What a client sends without having been asked may look like one. */
  onPong(listener: (position: number) => void): void;
  /** Stops reading; what has been read already may still come. */
  pause(): void;
  resume(): void;
  /** Says good-bye after the frames before it, and does not wait long for an answer. */
  close(code: number, reason: string): void;
  /** Ends the connection now. */
  cut(): void;
}
