import type { SendBatch } from '../upstream/index.js';

/**
 * The one loop that moves messages: reads only after the write before it has said that there is room.
 * Resolves `true` when the source has ended, `false` when the sink wants no more. `count` hears of every batch.
 */
export async function pump<Messages>(
  read: () => Promise<Messages | undefined> | Messages | undefined,
  write: (batch: Messages) => Promise<unknown> | boolean | undefined,
  count: (batch: Messages) => void,
): Promise<boolean> {
  for (;;) {
    const next = read();
    // Waiting for what is here would cost a small message more than moving it; so would waiting for room that is there.
    const batch = next instanceof Promise ? await next : next;
    if (batch === undefined) return true;
    count(batch);
    const room = write(batch);
    if (room === undefined || room === true) continue;
    if (room === false || (await room) === false) return false;
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
