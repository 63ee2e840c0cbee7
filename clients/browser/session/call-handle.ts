import type { CallStatus } from './call-status.js';
import type { Metadata } from './session-frame.js';

/** A call of any kind. `headers`, `status` and `trailers` never reject: how the call ended is a value of `status`. */
export interface Call<Message, Request = unknown> {
  /**
   * The messages of the service. While the page takes none, the service pauses. The loop ends when the call ended with OK, and throws a
   * `SluiceError` otherwise. Leaving the loop cancels the call.
   */
  readonly messages: AsyncIterableIterator<Message>;
  /**
   * Sends one message, in order, as soon as the service has room for it. Resolves when the browser has taken it and holds at most
   * `highWaterBytes`: await it, so that a slow service slows the page. Rejects with the call's error once the call is over, with
   * FAILED_PRECONDITION after `end`, after an end with OK and if `request` was given, with INVALID_ARGUMENT for a value that is not JSON, and
   * with RESOURCE_EXHAUSTED for one that is too long; in the last two cases the call continues.
   */
  send(message: Request): Promise<void>;
  /** Half-closes the call: no more messages will be sent, answers still arrive. Resolves when it was sent or the call is over. May be called again. */
  end(): Promise<void>;
  /** Ends the call with CANCELLED: here at once, at the service when the gateway learns of it. Does nothing once the call is over. */
  cancel(): void;
  /**
   * Stops the call: a detached one ends for everybody who reads it, with CANCELLED. Any other is cancelled. Resolves with how the call ended here, which is
   * NOT_FOUND for a call that is another one's to stop.
   */
  stop(): Promise<CallStatus>;
  /** The one answer of a unary or client-stream call. Rejects with INTERNAL if the call ends with OK and has none, or more than one. */
  result(): Promise<Message>;
  /** The initial metadata of the service, of the first attempt if the call was resumed. Empty if the call ended without. */
  readonly headers: Promise<Metadata>;
  /** How the call ended. May resolve before the last messages were taken. */
  readonly status: Promise<CallStatus>;
  /** The trailing metadata; empty if there was none. */
  readonly trailers: Promise<Metadata>;
  /** Where the call is found by others, and later: for `client.join`. Undefined for a call that is not detached. Known when the gateway has let it in; never rejects. */
  readonly location: Promise<string | undefined>;
  /** The cursor of the last message that was taken. Before the first one, `cursor` of the options, or empty. */
  readonly cursor: string;
  /** How many messages the gateway has left out so far because the page was slow. */
  readonly dropped: number;
}
