import { ConnectionError, ErrorCode, Flag, FrameType } from './codes.js';

/** Largest header block, before it is decoded, and in how many frames. */
const MAX_BLOCK_BYTES = 128 * 1024;
const MAX_BLOCK_FRAMES = 64;

/** A header block, whole. */
export interface HeaderBlock {
  readonly streamId: number;
  readonly endStream: boolean;
  readonly bytes: Uint8Array;
}

/** Puts header blocks together that come in several frames. Nothing else may come between. Source: RFC 9113 section 4.3. */
export class HeaderBlocks {
  #streamId = 0;
  #endStream = false;
  #parts: Uint8Array[] = [];
  #bytes = 0;

  /** A block has begun: only its continuation may follow. */
  get isOpen(): boolean {
    return this.#streamId !== 0;
  }

  /** A HEADERS or CONTINUATION frame; the block, when it is whole, valid until the next call. Throws a `ConnectionError`. */
  add(type: number, flags: number, streamId: number, payload: Uint8Array): HeaderBlock | undefined {
    let bytes = payload;
    if (type === FrameType.HEADERS) {
      bytes = withoutExtras(flags, payload);
      this.#endStream = (flags & Flag.END_STREAM) !== 0;
      if ((flags & Flag.END_HEADERS) !== 0) return { streamId, endStream: this.#endStream, bytes };
      this.#streamId = streamId;
    } else if (streamId !== this.#streamId || streamId === 0) {
      throw new ConnectionError(ErrorCode.PROTOCOL_ERROR, 'sent CONTINUATION without an open header block');
    }
    this.#parts.push(Uint8Array.from(bytes));
    this.#bytes += bytes.length;
    if (this.#bytes > MAX_BLOCK_BYTES || this.#parts.length > MAX_BLOCK_FRAMES) {
      throw new ConnectionError(
        ErrorCode.ENHANCE_YOUR_CALM,
        `sent a header block of more than ${MAX_BLOCK_BYTES} bytes or ${MAX_BLOCK_FRAMES} frames`,
      );
    }
    if ((flags & Flag.END_HEADERS) === 0) return undefined;
    const block = { streamId, endStream: this.#endStream, bytes: Buffer.concat(this.#parts) };
    this.#streamId = 0;
    this.#parts = [];
    this.#bytes = 0;
    return block;
  }
}

/** Without padding and priority. Source: RFC 9113 section 6.2. */
function withoutExtras(flags: number, payload: Uint8Array): Uint8Array {
  let from = 0;
  let padding = 0;
  if ((flags & Flag.PADDED) !== 0) padding = payload[from++] ?? payload.length + 1;
  if ((flags & Flag.PRIORITY) !== 0) from += 5;
  if (from + padding > payload.length) {
    throw new ConnectionError(ErrorCode.PROTOCOL_ERROR, 'sent a HEADERS frame that is too short');
  }
  return payload.subarray(from, payload.length - padding);
}
