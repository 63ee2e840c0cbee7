import type { SendBatch } from '../upstream/index.js';

/**
 * The one loop that moves messages: reads only after the write before it has said that there is room.
 * Resolves `true` when the source has ended, `false` when the sink wants no more. `count` hears of every batch.
 */
export async function pump<Messages extends SendBatch>(
  read: () => Promise<Messages | undefined>,
  write: (batch: Messages) => Promise<unknown> | false | undefined,
  count: (messages: number) => void,
): Promise<boolean> {
  for (;;) {
    const batch = await read();
    if (batch === undefined) return true;
    count(batch.length);
    const room = write(batch);
    // Waiting for nothing would cost a small message more than moving it.
    if (room !== undefined && (room === false || (await room) === false)) return false;
  }
}
