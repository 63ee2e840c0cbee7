import type { OutgoingHttpHeaders } from 'node:http';
import type { TextOutgoing } from '../message/index.js';

/**
 * The bytes of an HTTP response, with flow control; `openResponse` makes one for each version of HTTP. Listens from the first instant, so no wait
 * can outlive the client; whoever makes one must end it with `end`, `break` or by the client leaving.
 */
export interface ResponseSink extends TextOutgoing {
  /** The client has left, or the end of the response has been written. */
  readonly closed: boolean;
  /** There is no room now: somebody waits in `write`. */
  readonly full: boolean;
  /** Sends bytes. Resolves when there is room for more, or the client has left; returns nothing when there is room at once. */
  write(bytes: Uint8Array): Promise<void> | undefined;
  /**
   * Ends the response as a whole one. `trailers` go after the bytes, where the head was sent with `withTrailers`; HTTP/1 has none here. Resolves
   * when the bytes have left this process, or the client has.
   */
  end(bytes?: Uint8Array | string, trailers?: OutgoingHttpHeaders): Promise<void>;
  /** Ends a response so that no client takes it for a whole one, after what was written and `bytes`. Resolves when it is over. */
  break(bytes?: Uint8Array | string): Promise<void>;
}
