import { ConnectionError, ErrorCode, Flag, FrameType } from './codes.js';

/** Hears of frames as they come. */
export interface FrameHandler {
  /** A DATA frame has begun: `length` counts against the windows, padding included. */
  onDataFrame(streamId: number, length: number): void;
  /** Some of its bytes, from `start` to `end` of what was pushed; without padding, never empty. */
  onDataBytes(streamId: number, bytes: Buffer, start: number, end: number): void;
  /** It has ended. */
  onDataEnd(streamId: number, endStream: boolean): void;
  /** Any other frame, whole. The payload is valid during the call. */
  onFrame(type: number, flags: number, streamId: number, payload: Uint8Array): void;
}

/** The head of a frame. Source: RFC 9113 section 4.1. */
export const FRAME_HEAD_BYTES = 9;
const EMPTY = new Uint8Array(0);

/** Largest frame we take, as we tell the peer. A DATA frame is passed on as it comes, so its size costs nothing. */
export const MAX_FRAME_BYTES = 1024 * 1024;
/** Largest frame of any other kind, which is gathered. HTTP/2's own default, more than any of them needs. */
const MAX_GATHERED_BYTES = 16_384;

/** Cuts what a socket brings into frames. DATA is passed on as it arrives, without a copy. Source: RFC 9113 section 4. */
export class FrameParser {
  readonly #handler: FrameHandler;
  readonly #head = new Uint8Array(FRAME_HEAD_BYTES);
  #headFilled = 0;
  #inFrame = false;
  #type = 0;
  #flags = 0;
  #streamId = 0;
  /** Of the payload, what has not come yet. */
  #left = 0;
  #gathered: Uint8Array | undefined;
  #padding = 0;
  /** The length of the padding comes first. */
  #awaitsPadding = false;

  constructor(handler: FrameHandler) {
    this.#handler = handler;
  }

  /** More bytes. Throws a `ConnectionError`, after which nothing may be pushed. */
  push(chunk: Buffer): void {
    let at = 0;
    while (at < chunk.length) {
      if (!this.#inFrame) {
        at = this.#readHead(chunk, at);
        if (!this.#inFrame) return;
        if (this.#left === 0) {
          this.#endFrame(EMPTY);
          continue;
        }
        if (at === chunk.length) return;
      }
      const size = Math.min(this.#left, chunk.length - at);
      if (this.#type === FrameType.DATA) this.#passOn(chunk, at, size);
      else this.#gather(chunk, at, size);
      at += size;
    }
  }

  #readHead(chunk: Uint8Array, from: number): number {
    let at = from;
    let head = chunk;
    let start = from;
    if (this.#headFilled === 0 && chunk.length - from >= FRAME_HEAD_BYTES) at += FRAME_HEAD_BYTES;
    else {
      while (this.#headFilled < FRAME_HEAD_BYTES && at < chunk.length) {
        this.#head[this.#headFilled++] = chunk[at++] as number;
      }
      if (this.#headFilled < FRAME_HEAD_BYTES) return at;
      this.#headFilled = 0;
      head = this.#head;
      start = 0;
    }
    const length =
      ((head[start] as number) << 16) | ((head[start + 1] as number) << 8) | (head[start + 2] as number);
    this.#type = head[start + 3] as number;
    this.#flags = head[start + 4] as number;
    this.#streamId =
      (((head[start + 5] as number) & 0x7f) << 24) |
      ((head[start + 6] as number) << 16) |
      ((head[start + 7] as number) << 8) |
      (head[start + 8] as number);
    const most = this.#type === FrameType.DATA ? MAX_FRAME_BYTES : MAX_GATHERED_BYTES;
    if (length > most) {
      throw new ConnectionError(
        ErrorCode.FRAME_SIZE_ERROR,
        `sent a frame of type ${this.#type} with ${length} bytes, the limit is ${most}`,
      );
    }
    this.#left = length;
    this.#inFrame = true;
    this.#padding = 0;
    this.#awaitsPadding = this.#type === FrameType.DATA && (this.#flags & Flag.PADDED) !== 0;
    if (this.#awaitsPadding && length === 0) throw padding();
    if (this.#type === FrameType.DATA) this.#handler.onDataFrame(this.#streamId, length);
    return at;
  }

  #passOn(chunk: Buffer, from: number, size: number): void {
    let at = from;
    const end = from + size;
    this.#left -= size;
    if (this.#awaitsPadding) {
      this.#awaitsPadding = false;
      this.#padding = chunk[at++] as number;
      if (this.#padding > this.#left + (end - at)) throw padding();
    }
    // What is here, less the part of it that is padding.
    const last = Math.min(end, end + this.#left - this.#padding);
    if (last > at) this.#handler.onDataBytes(this.#streamId, chunk, at, last);
    if (this.#left === 0) this.#endFrame(EMPTY);
  }

  #gather(chunk: Uint8Array, from: number, size: number): void {
    if (this.#gathered === undefined && size === this.#left) {
      this.#left = 0;
      this.#endFrame(chunk.subarray(from, from + size));
      return;
    }
    this.#gathered ??= new Uint8Array(this.#left);
    this.#gathered.set(chunk.subarray(from, from + size), this.#gathered.length - this.#left);
    this.#left -= size;
    if (this.#left === 0) {
      const payload = this.#gathered;
      this.#gathered = undefined;
      this.#endFrame(payload);
    }
  }

  #endFrame(payload: Uint8Array): void {
    this.#inFrame = false;
    if (this.#type === FrameType.DATA)
      this.#handler.onDataEnd(this.#streamId, (this.#flags & Flag.END_STREAM) !== 0);
    else this.#handler.onFrame(this.#type, this.#flags, this.#streamId, payload);
  }
}

function padding(): ConnectionError {
  return new ConnectionError(ErrorCode.PROTOCOL_ERROR, 'sent a frame with more padding than payload');
}
