import type { Batch, CancelSignal } from '../../upstream/index.js';
import type { Outgoing } from '../exchange.js';

/**
 * What one write may take of what waits, in bytes of messages: enough to fill a socket, and no more, because what has been written
 * can no longer be replaced by something newer, and because the next sign of a client that takes it comes only after it.
 */
export const TURN_BYTES = 64 * 1024;

/** The direction from the service to the client, as the bridge hands it to a policy. */
export interface Downstream {
  /** Waits of `write` and `room` are bounded. */
  readonly outgoing: Pick<Outgoing, 'write' | 'room' | 'roomBytes' | 'dropped'>;
  /** Aborts when the client has left, or is sent elsewhere: nothing is written any more. */
  readonly signal: CancelSignal;
  /** The next messages of the service; `undefined` after the end. */
  read(): Promise<Batch | undefined> | Batch | undefined;
  /** Hears of every batch that was read. */
  count(batch: Batch): void;
  /** Waits before the next read of a client that keeps up, see `Outgoing.flushMs`; nothing when there is nothing to wait for. */
  hold(): Promise<void> | undefined;
  /** Ends the call upstream: a pending `read` settles. */
  cancel(): void;
}

/** What the next write may take in bytes, after `room` has said that the client takes messages. */
export function turnBytes(outgoing: Downstream['outgoing']): number {
  return Math.min(TURN_BYTES, outgoing.roomBytes?.() ?? TURN_BYTES);
}
