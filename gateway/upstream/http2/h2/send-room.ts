import { memory } from '../../../memory/index.js';

/** Up to here a stream's `write` says that there is room. */
const HIGH_WATER_BYTES = 64 * 1024;
/** The same where many wait: a frame that is on its way, and one behind it. */
const CROWDED_BYTES = 8 * 1024;

/** How much a stream may have waiting while its `write` says that there is room, in bytes. */
export function highWaterBytes(): number {
  return memory.isCrowded ? CROWDED_BYTES : HIGH_WATER_BYTES;
}
