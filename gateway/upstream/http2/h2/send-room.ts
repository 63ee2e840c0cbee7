import { memory } from '../../../memory/index.js';

/** Up to here a stream's `write` says that there is room. */
const HIGH_WATER_BYTES = 64 * 1024;
/** The same where many wait: a frame that is on its way, and one behind it. */
const CROWDED_BYTES = 8 * 1024;

/** The same of what leaves at the end of the turn, because the service takes it. */
const LEAVING_BYTES = 512 * 1024;

/** How much a stream may have waiting while its `write` says that there is room, in bytes. `leavingBytes`: as far as is known, so much leaves soon. */
export function highWaterBytes(leavingBytes: number): number {
  if (memory.isCrowded) return CROWDED_BYTES;
  return Math.max(HIGH_WATER_BYTES, Math.min(leavingBytes, LEAVING_BYTES));
}
