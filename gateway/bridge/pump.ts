import type { Batch } from '../upstream/index.js';

/**
 * The one loop that moves messages: reads only after the write before it has said that there is room.
 * Resolves `true` when the source has ended, `false` when the sink wants no more. `count` hears of every batch.
 */
export async function pump(
  read: () => Promise<Batch | undefined>,
  write: (batch: Batch) => unknown,
  count: (messages: number) => void,
): Promise<boolean> {
  for (;;) {
    const batch = await read();
    if (batch === undefined) return true;
    count(batch.length);
    if ((await write(batch)) === false) return false;
  }
}
