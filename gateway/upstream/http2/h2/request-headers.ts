import { Flag, FrameType } from './codes.js';
import type { FrameWriter } from './frame-writer.js';
import { type CommonFields, type HeaderEncoder, type HeaderField, mostBlockBytes } from './header-encoder.js';

/** Header blocks go out in frames of this size, which every peer takes. */
const HEADER_FRAME_BYTES = 16_384;

/** Writes the header block of a request: one that is surely small goes where the frames lie, without a copy. */
export function writeRequestHeaders(
  writer: FrameWriter,
  encoder: HeaderEncoder,
  streamId: number,
  common: CommonFields,
  own: readonly HeaderField[],
): void {
  const mostBytes = mostBlockBytes(common, own);
  if (mostBytes <= HEADER_FRAME_BYTES) {
    writer.begin(mostBytes);
    const end = encoder.encode(common, own, writer.slab, writer.at);
    writer.end(FrameType.HEADERS, Flag.END_HEADERS, streamId, end);
    return;
  }
  const block = Buffer.allocUnsafe(mostBytes);
  const end = encoder.encode(common, own, block, 0);
  for (let at = 0; at < end; at += HEADER_FRAME_BYTES) {
    const partEnd = Math.min(at + HEADER_FRAME_BYTES, end);
    const type = at === 0 ? FrameType.HEADERS : FrameType.CONTINUATION;
    writer.frame(type, partEnd === end ? Flag.END_HEADERS : 0, streamId, block.subarray(at, partEnd));
  }
}
