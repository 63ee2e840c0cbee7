import type { ByteWriter } from '../../codec/index.js';
import type { Batch } from '../../upstream/index.js';

/** Appends one message, which lies in `bytes` from `start` to `end`. */
export type EncodeMessage = (bytes: Buffer, start: number, end: number) => void;

/**
 * Takes the messages of a batch and appends each to `out`. When one of them is no message, those before it stay in `out`, nothing of
 * it does, and the failure is returned: what is good is sent before the stream ends with it.
 */
export function encodeBatch(batch: Batch, out: ByteWriter, encode: EncodeMessage): unknown {
  const { bytes, limit } = batch;
  let mark = out.length;
  try {
    for (; batch.at < limit; batch.at += 1) {
      mark = out.length;
      encode(bytes, batch.startOf(batch.at), batch.endOf(batch.at));
    }
    // Its memory is not needed while the text waits for room.
    if (batch.at === batch.count) batch.release();
    return undefined;
  } catch (failure) {
    out.length = mark;
    batch.release();
    return failure;
  }
}
