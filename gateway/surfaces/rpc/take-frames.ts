import type { ByteWriter } from '../../codec/index.js';
import type { Batch } from '../../upstream/index.js';
import type { EncodeMessage } from '../message/index.js';
import { FRAME_PREFIX_BYTES, putFramePrefix } from './frame-head.js';

/**
 * Takes messages of a batch and appends them as frames, as they are, until those are `enough` bytes. Where the batch came framed, a run of messages
 * that lie one behind the other is one copy, whatever their number: so a message that passes costs less than a look at it.
 */
export function takeFrames(batch: Batch, out: ByteWriter, encode: EncodeMessage, enough: number): unknown {
  const { bytes, limit } = batch;
  while (batch.at < limit && out.length < enough) {
    const start = batch.startOf(batch.at);
    let end = batch.endOf(batch.at);
    batch.at += 1;
    if (!batch.isFramed) {
      encode(bytes, start, end, batch.at - 1);
      continue;
    }
    const begin = start - FRAME_PREFIX_BYTES;
    const most = begin + enough - out.length;
    while (batch.at < limit && end < most && batch.startOf(batch.at) === end + FRAME_PREFIX_BYTES) {
      end = batch.endOf(batch.at);
      batch.at += 1;
    }
    out.part(bytes, begin, end);
  }
  // Its memory is not needed while the frames wait for room.
  if (batch.at === batch.count) batch.release();
  return undefined;
}

/** Appends one message as a frame. */
export function writeFrame(bytes: Uint8Array, start: number, end: number, out: ByteWriter): void {
  out.reserve(FRAME_PREFIX_BYTES);
  putFramePrefix(out.buffer, out.length, 0, end - start);
  out.length += FRAME_PREFIX_BYTES;
  out.part(bytes, start, end);
}

/** Appends as a frame what `write` appends: its length is known afterwards. */
export function writeFrameOf(write: () => void, out: ByteWriter): void {
  out.reserve(FRAME_PREFIX_BYTES);
  const begin = out.length;
  out.length += FRAME_PREFIX_BYTES;
  write();
  putFramePrefix(out.buffer, begin, 0, out.length - begin - FRAME_PREFIX_BYTES);
}
