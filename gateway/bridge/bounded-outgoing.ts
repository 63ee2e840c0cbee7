import type { Batch } from '../upstream/index.js';
import type { Outgoing } from './exchange.js';
import type { Downstream } from './slow-reader/index.js';
import type { StallLimit } from './stall-limit.js';

/** Writes, and bounds the wait for room. */
export function writeBound(
  outgoing: Outgoing,
  batch: Batch,
  stall: StallLimit | undefined,
): ReturnType<Outgoing['write']> {
  // It has told of a gap, and has nothing else.
  if (batch.count === 0) return undefined;
  const room = outgoing.write(batch);
  return room instanceof Promise && stall !== undefined ? stall.forRoom(room) : room;
}

/** Asks for room, and bounds the wait for it: messages wait for the client in a policy as they do in a write. */
function roomBound(outgoing: Outgoing, stall: StallLimit | undefined): number | Promise<void> {
  const room = outgoing.room?.() ?? 1;
  return room instanceof Promise && stall !== undefined ? stall.forRoom(room) : room;
}

/** An outgoing whose waits are bounded, for a policy, which is to know what the surface can do. */
export function boundForPolicy(outgoing: Outgoing, stall: StallLimit | undefined): Downstream['outgoing'] {
  return {
    write: (batch) => writeBound(outgoing, batch, stall),
    ...(outgoing.room && { room: () => roomBound(outgoing, stall) }),
    ...(outgoing.roomBytes && { roomBytes: () => outgoing.roomBytes?.() ?? 1 }),
    ...(outgoing.dropped && { dropped: (count: number) => outgoing.dropped?.(count) }),
  };
}
