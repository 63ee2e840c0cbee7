import { RpcError } from '../../status/index.js';
import type { Batch } from '../../upstream/index.js';
import type { Disconnect } from '../policy.js';
import { type Downstream, turnBytes } from './downstream.js';

/** How long a client that was too slow may take to hear of it before its connection is cut, in milliseconds: as long as others linger. */
const TELL_MS = 2_000;

/** The client took nothing for too long. What is left of its connection cannot carry much more than this news. */
export class TooSlow extends RpcError {
  constructor(afterMs: number) {
    super('CLIENT_TOO_SLOW', `the client has read nothing for ${afterMs} ms while messages waited for it`);
  }
}

/**
 * Moves messages to a client as `pump` does, so nothing is dropped and the service waits, but rejects with `TooSlow` when the client
 * makes no room for `afterMs` while something waits for it.
 */
export async function waitOrDisconnect({ afterMs }: Disconnect, down: Downstream): Promise<boolean> {
  const { outgoing } = down;
  let writing: Promise<void> | undefined;
  for (;;) {
    const batch = await down.read();
    if (batch === undefined) break;
    down.count(batch);
    for (let from = 0; from < batch.count; ) {
      // Only now, with something in hand: a client that has taken all there was, and used up its credit for it, is not slow.
      await inTime(writing, afterMs);
      const credit = outgoing.room?.() ?? Number.POSITIVE_INFINITY;
      if (typeof credit !== 'number') {
        await inTime(credit, afterMs);
        continue;
      }
      batch.limit = endOfTurn(batch, from, credit, turnBytes(outgoing));
      const written = outgoing.write(batch);
      if (written === false) return false;
      writing = written;
      // It is looked at before the next write.
      writing?.catch(() => down.cancel());
      from = batch.limit;
    }
    // Where there is no credit, what has been written is what waits for the client.
    if (outgoing.room === undefined) await inTime(writing, afterMs);
    await down.hold();
  }
  await inTime(writing, afterMs);
  return true;
}

/** Where a write that begins at `from` ends: at least one message further. */
function endOfTurn(batch: Batch, from: number, maxMessages: number, maxBytes: number): number {
  let to = from;
  let bytes = 0;
  while (to < batch.count && to - from < Math.max(1, maxMessages)) {
    bytes += batch.endOf(to) - batch.startOf(to);
    if (to > from && bytes > maxBytes) break;
    to += 1;
  }
  return to;
}

async function inTime(room: Promise<void> | undefined, afterMs: number): Promise<void> {
  if (room !== undefined && !(await settles(room, afterMs))) throw new TooSlow(afterMs);
}

/** Whether a client that has taken nothing for so long takes its last message. `told` is what waits for that. */
export function isToldInTime(told: Promise<void>): Promise<boolean> {
  return settles(told, TELL_MS);
}

/** Whether it resolves within a time. Rejects as it does. */
async function settles(promise: Promise<void>, withinMs: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), withinMs);
  });
  try {
    return await Promise.race([promise.then(() => true), late]);
  } finally {
    clearTimeout(timer);
  }
}
