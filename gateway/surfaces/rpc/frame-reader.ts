import { ByteWriter } from '../../codec/index.js';
import { Code, RpcError } from '../../status/index.js';
import { FRAME_PREFIX_BYTES, FrameFlag } from './frame-head.js';

/** One frame of a request. */
export interface Frame {
  readonly isCompressed: boolean;
  /** The message, which may be a view of what was pushed. */
  readonly bytes: Buffer;
}

const NOTHING: Buffer = Buffer.alloc(0);

/**
 * Finds the frames of a request in its bytes, wherever those are cut. Holds what has come of one frame that is not whole, in a buffer that doubles:
 * memory is taken for bytes that are here, never for a length that a client claims. `next` throws an `RpcError` for bytes that are no frame, or one
 * that is too large, as soon as its first bytes say so.
 */
export class FrameReader {
  readonly #maxBytes: number;
  #chunk = NOTHING;
  /** What came before the chunk of the frame that goes on in it. */
  readonly #begun = new ByteWriter(0);
  /** Of the frame that has begun; -1 until its first bytes are here. */
  #length = -1;
  #flags = 0;

  /** `maxBytes`: of one message, as it comes. */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** A frame has begun and is not whole: how much of it is here. */
  get heldBytes(): number {
    return this.#begun.length;
  }

  /** More bytes. Those before must have been taken: `next` has returned nothing. */
  push(bytes: Buffer): void {
    this.#chunk = bytes;
  }

  /** The next frame that is whole; `undefined` when there is none in what was pushed. */
  next(): Frame | undefined {
    if (this.#length < 0 && !this.#readPrefix()) return undefined;
    const length = this.#length;
    const isHere = this.#begun.length === 0;
    const wanted = isHere ? FRAME_PREFIX_BYTES + length : FRAME_PREFIX_BYTES + length - this.#begun.length;
    if (this.#chunk.length < wanted) {
      this.#keep(this.#chunk.length);
      return undefined;
    }
    let whole: Buffer;
    if (isHere) {
      whole = this.#chunk.subarray(0, wanted);
      this.#skip(wanted);
    } else {
      this.#keep(wanted);
      whole = this.#begun.take();
    }
    this.#length = -1;
    const isCompressed = this.#flags === FrameFlag.compressed;
    return { isCompressed, bytes: whole.subarray(FRAME_PREFIX_BYTES) };
  }

  /** The body has ended. Throws INVALID_ARGUMENT when that is in the middle of a frame. */
  end(): void {
    if (this.heldBytes === 0) return;
    const missing = this.#length < 0 ? '' : ` of ${this.#length} bytes`;
    throw new RpcError('INVALID_MESSAGE', `the request ended in the middle of a message${missing}`);
  }

  /** Drops what is held. */
  close(): void {
    this.#chunk = NOTHING;
    this.#begun.clear();
    this.#length = -1;
  }

  #readPrefix(): boolean {
    const missing = FRAME_PREFIX_BYTES - this.#begun.length;
    if (this.#begun.length > 0) this.#keep(Math.min(missing, this.#chunk.length));
    else if (this.#chunk.length < missing) this.#keep(this.#chunk.length);
    const prefix = this.#begun.length > 0 ? this.#begun.buffer : this.#chunk;
    const here = this.#begun.length > 0 ? this.#begun.length : this.#chunk.length;
    if (here < FRAME_PREFIX_BYTES) return false;
    const flags = prefix[0] as number;
    const length = prefix.readUInt32BE(1);
    if ((flags & ~FrameFlag.compressed) !== 0) {
      throw new RpcError('INVALID_MESSAGE', `a message of the request has the unknown flag ${flags}`, {
        code: Code.INTERNAL,
      });
    }
    if (length > this.#maxBytes) {
      throw new RpcError(
        'MESSAGE_TOO_LARGE',
        `a message has ${length} bytes, which is more than ${this.#maxBytes}: see --max-message-bytes`,
      );
    }
    this.#flags = flags;
    this.#length = length;
    return true;
  }

  /** Moves bytes from the chunk to what is held. */
  #keep(count: number): void {
    if (count > 0) this.#begun.bytes(this.#chunk.subarray(0, count));
    this.#skip(count);
  }

  /** An empty view would keep all of what was read. */
  #skip(count: number): void {
    this.#chunk = count === this.#chunk.length ? NOTHING : this.#chunk.subarray(count);
  }
}
