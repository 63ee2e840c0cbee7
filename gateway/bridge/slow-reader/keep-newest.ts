import { Code, RpcError } from '../../status/index.js';
import type { Batch } from '../../upstream/index.js';
import type { AbortCause } from '../exchange.js';
import type { Conflate, DropOldest } from '../policy.js';
import { type Downstream, turnBytes } from './downstream.js';
import { keptMessages } from './kept-by-policy.js';

/**
 * Moves messages to a client without ever stopping the service: while the client is behind, what comes is kept within the bounds
 * of the policy, and what goes for it is counted and told (`Outgoing.dropped`) before the next message. While it keeps up, a batch goes
 * straight through, as with `pump`.
 *
 *     keeps up --- write says that there is no room --> behind: every read is kept
 *         ^                                               |  room: tell what was dropped, write the oldest, again
 *         +---------- nothing is kept any more -----------+
 *
 * Resolves `true` when the service has ended and everything kept has been written, `false` when the client wants no more or has left;
 * rejects when a message is none, after those before it have been written. `onDropped` hears at once.
 */
export async function keepNewest(
  policy: Conflate | DropOldest,
  down: Downstream,
  onDropped: (messages: number) => void,
): Promise<boolean> {
  const { outgoing, signal } = down;
  const kept = keptMessages(policy);
  let behind: Promise<void> | undefined;
  let untold = 0;
  let wanted = true;
  let failure: { readonly reason: unknown } | undefined;
  const fail = (reason: unknown) => {
    failure ??= { reason };
    down.cancel();
  };

  const drop = (messages: number) => {
    untold += messages;
    if (messages > 0) onDropped(messages);
  };
  const keep = (batch: Batch, from: number) => {
    const result = kept.keep(batch, from);
    // All of it is copied: who brought it need not do so.
    if (from === 0) batch.release();
    drop(result.dropped);
    if (result.failure !== undefined) fail(result.failure);
  };

  /** Writes what is kept, and what comes meanwhile, as there is room; ends when nothing is left. */
  const catchUp = async (room: Promise<void> | undefined) => {
    try {
      await room;
      while (kept.size > 0 && !signal.aborted) {
        const credit = outgoing.room?.() ?? Number.POSITIVE_INFINITY;
        if (typeof credit !== 'number') {
          await credit;
          continue;
        }
        if (untold > 0) outgoing.dropped?.(untold);
        untold = 0;
        const batch = kept.take(turnBytes(outgoing), credit);
        try {
          const written = outgoing.write(batch);
          if (written === false) {
            wanted = false;
            return down.cancel();
          }
          await written;
        } finally {
          // As a transport does when it is asked for more: what is still to be taken is copied.
          if (signal.aborted && isUnwanted(signal.reason as AbortCause)) batch.release();
          else batch.settle();
        }
      }
    } catch (reason) {
      fail(reason);
    } finally {
      behind = undefined;
    }
  };

  /** How many of a batch may be written before anything of it is kept. A part only where no later message makes an earlier one stale. */
  const roomFor = (batch: Batch): number => {
    const credit = outgoing.room?.() ?? Number.POSITIVE_INFINITY;
    if (typeof credit !== 'number') return 0;
    const most = messagesWithin(batch, credit, outgoing.roomBytes?.() ?? Number.POSITIVE_INFINITY);
    return most === batch.count || policy.policy === 'drop-oldest' ? most : 0;
  };

  /** Writes a batch to a client that keeps up, or what it has room for: it is behind with the rest only. */
  const pass = (batch: Batch): Promise<void> | undefined => {
    const most = roomFor(batch);
    batch.limit = most;
    const written = most > 0 ? outgoing.write(batch) : undefined;
    if (written === false) {
      wanted = false;
      return undefined;
    }
    if (most < batch.count) keep(batch, most);
    else if (written === undefined) return down.hold();
    behind = catchUp(written);
    return undefined;
  };

  try {
    while (wanted && failure === undefined) {
      const batch = await down.read();
      if (batch === undefined) break;
      down.count(batch);
      if (behind === undefined) await pass(batch);
      else keep(batch, 0);
    }
  } catch (reason) {
    fail(reason);
  }
  await behind;
  const undelivered = kept.size;
  kept.release();
  // What was still kept will never be delivered, and a client that is told the end is told so; one that has left is owed nothing.
  if (signal.aborted && !isUnwanted(signal.reason as AbortCause)) drop(undelivered);
  if (untold > 0) outgoing.dropped?.(untold);
  if (failure !== undefined) throw failure.reason;
  return wanted && !signal.aborted;
}

/** How many messages of a batch a client takes: one may cross its bytes. */
function messagesWithin(batch: Batch, maxMessages: number, maxBytes: number): number {
  if (maxBytes === Number.POSITIVE_INFINITY) return Math.min(batch.count, maxMessages);
  let messages = 0;
  for (let bytes = 0; messages < batch.count && messages < maxMessages && bytes < maxBytes; messages += 1) {
    bytes += batch.endOf(messages) - batch.startOf(messages);
  }
  return messages;
}

/** The client takes no more messages because it has left, or because it has cancelled the call. */
function isUnwanted(cause: AbortCause): boolean {
  return cause === 'left' || (cause instanceof RpcError && cause.code === Code.CANCELLED);
}
