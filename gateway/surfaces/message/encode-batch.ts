import type { ByteWriter } from '../../codec/index.js';
import type { Batch } from '../../upstream/index.js';

/**
 * Appends every message of a batch to `out`. When one of them is no message, those before it stay in `out`, nothing of
 * it does, and the failure is returned: what is good is sent before the stream ends with it.
 */
export function encodeBatch(batch: Batch, out: ByteWriter, encode: (message: Uint8Array) => void): unknown {
  for (const message of batch) {
    const mark = out.length;
    try {
      encode(message);
    } catch (failure) {
      out.length = mark;
      return failure;
    }
  }
  return undefined;
}
