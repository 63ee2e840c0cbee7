import { RpcError } from '../../../status/index.js';

/** One flag byte and four bytes of length. Source: grpc/doc/PROTOCOL-HTTP2.md, "Length-Prefixed-Message". */
const PREFIX_BYTES = 5;

const FIRST_SLAB_BYTES = 512;
const MAX_SLAB_BYTES = 16 * 1024;

/**
 * Turns chunks into messages, as they are asked for. Every byte is copied once: what comes is a part of a buffer that the next read
 * writes over. Small messages are views of one copy of all that came together, so they cost no memory of their own; one that spans
 * chunks is put together in a buffer of its size, whose length has been checked first.
 */
export class Deframer {
  /** Whether the message that `next` returned last is compressed. */
  isCompressed = false;
  readonly #maxMessageBytes: number;
  /** Made when first needed: most calls never see a prefix cut in two. */
  #prefix: Uint8Array | undefined;
  #prefixFilled = 0;
  #message: Uint8Array | undefined;
  #messageFilled = 0;
  #chunk: Uint8Array | undefined;
  #at = 0;
  /** The chunk is valid until `keep` only. */
  #isBorrowed = false;
  #soonRead = false;
  /** Where small copies lie, one behind the other. It grows with what is kept. */
  #slab: Buffer | undefined;
  #slabAt = 0;
  #later: Uint8Array[] | undefined;

  constructor(maxMessageBytes: number) {
    this.#maxMessageBytes = maxMessageBytes;
  }

  /** Bytes gathered of a message that is not complete. */
  get gatheredBytes(): number {
    return this.#messageFilled;
  }

  /** Whether a message has begun and not ended. */
  get isMidMessage(): boolean {
    return this.#prefixFilled > 0 || this.#message !== undefined;
  }

  /** Whether every chunk has been used up. */
  get isEmpty(): boolean {
    return this.#chunk === undefined;
  }

  /** More bytes. They may change once `keep` was called. `soonRead`: the messages in them are dropped again in a moment. */
  push(chunk: Uint8Array, soonRead = false): void {
    if (chunk.length === 0) return;
    this.#soonRead = soonRead;
    if (soonRead) this.#slab = undefined;
    if (this.#chunk === undefined) {
      this.#chunk = chunk;
      this.#at = 0;
      this.#isBorrowed = true;
    } else {
      this.#keepLater(this.#owned(chunk));
    }
  }

  /** What was pushed and not used up is kept from here on. */
  keep(): void {
    this.#soonRead = false;
    if (this.#isBorrowed && this.#chunk !== undefined) this.#own(this.#chunk);
  }

  /**
   * The next message, or `undefined` when more chunks are needed. Throws an RpcError when the bytes are no gRPC
   * or a message is too large; nothing can be read after that.
   */
  next(): Uint8Array | undefined {
    for (let chunk = this.#chunk; chunk !== undefined; chunk = this.#chunk) {
      if (this.#message === undefined) {
        const length = this.#readPrefix(chunk);
        if (length < 0) continue;
        const at = this.#at;
        if (chunk.length - at >= length) {
          const kept = this.#isBorrowed ? this.#own(chunk) : chunk;
          const message = new Uint8Array(kept.buffer, kept.byteOffset + this.#at, length);
          this.#advance(kept, length);
          return message;
        }
        this.#message = Buffer.allocUnsafeSlow(length);
        if (at === chunk.length) {
          this.#advance(chunk, 0);
          continue;
        }
      }
      const message = this.#message;
      const size = Math.min(message.length - this.#messageFilled, chunk.length - this.#at);
      message.set(chunk.subarray(this.#at, this.#at + size), this.#messageFilled);
      this.#messageFilled += size;
      this.#advance(chunk, size);
      if (this.#messageFilled === message.length) {
        this.#message = undefined;
        this.#messageFilled = 0;
        return message;
      }
    }
    return undefined;
  }

  /** The length that the prefix says, or -1 while it is not complete. */
  #readPrefix(chunk: Uint8Array): number {
    if (this.#prefixFilled === 0 && chunk.length - this.#at >= PREFIX_BYTES) {
      const at = this.#at;
      this.#at += PREFIX_BYTES;
      return this.#checkPrefix(chunk, at);
    }
    const size = Math.min(PREFIX_BYTES - this.#prefixFilled, chunk.length - this.#at);
    const prefix = this.#prefix ?? new Uint8Array(PREFIX_BYTES);
    this.#prefix = prefix;
    prefix.set(chunk.subarray(this.#at, this.#at + size), this.#prefixFilled);
    this.#prefixFilled += size;
    if (this.#prefixFilled < PREFIX_BYTES) {
      this.#advance(chunk, size);
      return -1;
    }
    this.#at += size;
    this.#prefixFilled = 0;
    return this.#checkPrefix(prefix, 0);
  }

  #checkPrefix(bytes: Uint8Array, at: number): number {
    const flag = bytes[at] as number;
    if (flag > 1)
      throw new RpcError(
        'UPSTREAM_PROTOCOL_ERROR',
        `the upstream sent a message with the unknown flag ${flag}`,
      );
    const length =
      (bytes[at + 1] as number) * 2 ** 24 +
      ((bytes[at + 2] as number) << 16) +
      ((bytes[at + 3] as number) << 8) +
      (bytes[at + 4] as number);
    if (length > this.#maxMessageBytes) {
      throw new RpcError(
        'UPSTREAM_TOO_LARGE',
        `the upstream sent a message of ${length} bytes, the limit is ${this.#maxMessageBytes}`,
      );
    }
    this.isCompressed = flag === 1;
    return length;
  }

  /** Moves on by `size` bytes, and to the next chunk at the end of this one. */
  #advance(chunk: Uint8Array, size: number): void {
    this.#at += size;
    if (this.#at < chunk.length) return;
    this.#chunk = this.#later?.shift();
    this.#at = 0;
    this.#isBorrowed = false;
  }

  #own(chunk: Uint8Array): Uint8Array {
    const rest = chunk.subarray(this.#at);
    // From the common pool: quick, and as long as one part of a slab is alive all of it is.
    const kept = this.#soonRead ? Buffer.from(rest) : this.#owned(rest);
    this.#chunk = kept;
    this.#at = 0;
    this.#isBorrowed = false;
    return kept;
  }

  /** A copy that keeps only bytes of this call alive: a service may send each message in a frame of its own. */
  #owned(bytes: Uint8Array): Uint8Array {
    const size = bytes.length;
    if (size > MAX_SLAB_BYTES / 2) {
      const copy = Buffer.allocUnsafeSlow(size);
      copy.set(bytes);
      return copy;
    }
    if (this.#slab === undefined || this.#slabAt + size > this.#slab.length) {
      const wanted = Math.max(2 * (this.#slab?.length ?? 0), FIRST_SLAB_BYTES, size);
      this.#slab = Buffer.allocUnsafeSlow(Math.min(MAX_SLAB_BYTES, wanted));
      this.#slabAt = 0;
    }
    this.#slab.set(bytes, this.#slabAt);
    this.#slabAt += size;
    return this.#slab.subarray(this.#slabAt - size, this.#slabAt);
  }

  /** Pieces that lie one behind the other are one: thousands of small ones would cost more than their bytes. */
  #keepLater(piece: Uint8Array): void {
    this.#later ??= [];
    const last = this.#later.at(-1);
    if (last?.buffer === piece.buffer && last.byteOffset + last.length === piece.byteOffset) {
      const size = last.length + piece.length;
      this.#later[this.#later.length - 1] = new Uint8Array(last.buffer, last.byteOffset, size);
    } else this.#later.push(piece);
  }
}
