import { giveBackWhole } from '../../../memory/index.js';
import { type Flag, FrameType } from './codes.js';
import { FRAME_HEAD_BYTES } from './frame-parser.js';

/** Frames are laid one behind the other into slabs of this size. What was taken from a slab is not written again before `reuse`. */
const SLAB_BYTES = 16 * 1024;
/** Up to here a payload is copied behind its head: one small copy costs less than a further buffer in a system call. */
const COPY_BYTES = 4096;
/**
 * Up to here memory that was spent is left to the collector. Small messages are joined into buffers of up to 32 KiB: given back one by one while a thousand
 * clients begin, they left holes in the C library's memory that stayed with it, 10 to 20 MiB.
 */
const LEFT_BYTES = 32 * 1024;

/** Lays out frames for one write to the socket: small ones lie in one buffer, large payloads are handed over as they are. */
export class FrameWriter {
  #slab = Buffer.allocUnsafeSlow(SLAB_BYTES);
  #begin = 0;
  #at = 0;
  #buffers: Uint8Array[] = [];
  #bytes = 0;
  /** See `spend`. */
  #spent: Uint8Array[] = [];

  /** What waits to be taken. */
  get bytes(): number {
    return this.#bytes;
  }

  /**
   * Begins a frame whose payload, of at most `mostBytes`, is laid into `slab` from `at` on, before anything else is done here. `end` is told
   * how much it has become.
   */
  begin(mostBytes: number): void {
    if (this.#at + FRAME_HEAD_BYTES + mostBytes > this.#slab.length)
      this.#renew(FRAME_HEAD_BYTES + mostBytes);
  }

  /** Where a payload lies. */
  get slab(): Buffer {
    return this.#slab;
  }

  /** Where the payload of the frame that was begun begins. */
  get at(): number {
    return this.#at + FRAME_HEAD_BYTES;
  }

  /** Ends the frame that was begun: its payload ends there. */
  end(type: number, flags: number, streamId: number, payloadEnd: number): void {
    this.#writeHead(payloadEnd - this.at, type, flags, streamId);
    this.#at = payloadEnd;
  }

  /** A frame whose payload may change afterwards. `flags`: a sum of `Flag`. */
  frame(type: number, flags: number, streamId: number, payload: Uint8Array): void {
    this.#head(payload.length, type, flags, streamId);
    this.#copy(payload);
  }

  /** A frame of 32-bit numbers: RST_STREAM, WINDOW_UPDATE, GOAWAY without a text. */
  numbers(type: number, streamId: number, ...numbers: readonly number[]): void {
    this.#head(numbers.length * 4, type, 0, streamId);
    for (const number of numbers) this.#at = this.#slab.writeUInt32BE(number >>> 0, this.#at);
  }

  /** SETTINGS. */
  settings(settings: readonly (readonly [id: number, value: number])[]): void {
    this.#head(settings.length * 6, FrameType.SETTINGS, 0, 0);
    for (const [id, value] of settings) {
      this.#at = this.#slab.writeUInt16BE(id, this.#at);
      this.#at = this.#slab.writeUInt32BE(value, this.#at);
    }
  }

  /** The head of a DATA frame. Pieces of together `length` bytes follow at once. */
  data(streamId: number, flags: typeof Flag.END_STREAM | 0, length: number): void {
    this.#head(length, FrameType.DATA, flags, streamId);
  }

  /** A piece of the DATA frame that was begun last. It belongs to the writer from then on. */
  piece(payload: Uint8Array): void {
    if (payload.length <= COPY_BYTES) {
      this.#copy(payload);
      return;
    }
    this.#seal();
    this.#buffers.push(payload);
  }

  /** The last piece of these bytes has been handed over, and nobody else looks at them: their memory is given back when everything has left. */
  spend(bytes: Uint8Array): void {
    if (bytes.length > LEFT_BYTES) this.#spent.push(bytes);
  }

  /** Something that was taken waits in the process: what is spent is left to the collector. */
  waits(): void {
    if (this.#spent.length > 0) this.#spent = [];
  }

  /** What was taken has left the process: its memory is used again. */
  reuse(): void {
    for (let bytes = this.#spent.pop(); bytes !== undefined; bytes = this.#spent.pop()) giveBackWhole(bytes);
    if (this.#buffers.length > 0 || this.#at !== this.#begin) return;
    this.#begin = 0;
    this.#at = 0;
  }

  /** Everything so far, to be written in this order. */
  take(): readonly Uint8Array[] {
    this.#seal();
    const buffers = this.#buffers;
    this.#buffers = [];
    this.#bytes = 0;
    return buffers;
  }

  #head(length: number, type: number, flags: number, streamId: number): void {
    // Numbers and settings follow in the same slab: the longest have 36 bytes.
    if (this.#at + FRAME_HEAD_BYTES + 64 > this.#slab.length) this.#renew(0);
    this.#writeHead(length, type, flags, streamId);
  }

  #writeHead(length: number, type: number, flags: number, streamId: number): void {
    this.#bytes += FRAME_HEAD_BYTES + length;
    const slab = this.#slab;
    let at = this.#at;
    slab[at++] = length >>> 16;
    slab[at++] = length >>> 8;
    slab[at++] = length;
    slab[at++] = type;
    slab[at++] = flags;
    this.#at = slab.writeUInt32BE(streamId, at);
  }

  #copy(payload: Uint8Array): void {
    if (this.#at + payload.length > this.#slab.length) this.#renew(payload.length);
    this.#slab.set(payload, this.#at);
    this.#at += payload.length;
  }

  #renew(bytes: number): void {
    this.#seal();
    this.#slab = Buffer.allocUnsafeSlow(Math.max(SLAB_BYTES, bytes));
    this.#begin = 0;
    this.#at = 0;
  }

  /** Closes the part of the slab that is written. */
  #seal(): void {
    if (this.#at === this.#begin) return;
    this.#buffers.push(this.#slab.subarray(this.#begin, this.#at));
    this.#begin = this.#at;
  }
}
