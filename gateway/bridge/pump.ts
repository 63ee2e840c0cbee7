import type { SendBatch } from '../upstream/index.js';

/**
 * The one loop that moves messages: reads only after the write before it has said that there is room. `true` when the source has ended,
 * `false` when the sink wants no more; without a promise when it never had to wait. Throws, or rejects with, what `read` and `write` do. `count` hears of
 * every batch.
 */
export function pump<Messages>(
  read: () => Promise<Messages | undefined> | Messages | undefined,
  write: (batch: Messages) => Promise<unknown> | boolean | undefined,
  count: (batch: Messages) => void,
): boolean | Promise<boolean> {
  // Waiting for what is here would cost a small message more than moving it; so would waiting for room that is there.
  for (;;) {
    const batch = read();
    if (batch instanceof Promise) return pumpOn(batch, undefined, read, write, count);
    if (batch === undefined) return true;
    count(batch);
    const room = write(batch);
    if (room === false) return false;
    if (room instanceof Promise) return pumpOn(undefined, room, read, write, count);
  }
}

/** The same loop from its first wait on, for a batch or for room. */
async function pumpOn<Messages>(
  next: Promise<Messages | undefined> | Messages | undefined,
  firstRoom: Promise<unknown> | undefined,
  read: () => Promise<Messages | undefined> | Messages | undefined,
  write: (batch: Messages) => Promise<unknown> | boolean | undefined,
  count: (batch: Messages) => void,
): Promise<boolean> {
  if (firstRoom !== undefined && (await firstRoom) === false) return false;
  next ??= read();
  for (;;) {
    // Not held while the write waits: the messages of a client are objects, and have been copied by then.
    let batch = next instanceof Promise ? await next : next;
    next = undefined;
    if (batch === undefined) return true;
    count(batch);
    const room = write(batch);
    batch = undefined;
    if (room === false || (room instanceof Promise && (await room) === false)) return false;
    next = read();
  }
}

/** The bytes of the messages that a client sends. */
export function bytesOf(batch: SendBatch): number {
  let bytes = 0;
  for (const message of batch) {
    if (message instanceof Uint8Array) bytes += message.byteLength;
    else for (const piece of message) bytes += piece.byteLength;
  }
  return bytes;
}
