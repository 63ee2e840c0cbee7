import { Code, RpcError } from '../../status/index.js';
import type { Batch } from '../transport.js';

/** One flag byte and four bytes of length. Source: grpc/doc/PROTOCOL-HTTP2.md, "Length-Prefixed-Message". */
const prefixBytes = 5;

/**
 * Up to here a batch is copied into one buffer: a copy of this size costs less than a further frame. Larger
 * ones are handed over as they are, each after its prefix.
 */
const joinBytes = 32 * 1024;

/** The buffers to write for a batch, in order. The messages must not change afterwards. */
export function frameBatch(batch: Batch): Buffer[] {
  let total = 0;
  for (const message of batch) total += prefixBytes + message.length;
  if (total <= joinBytes) {
    const joined = Buffer.allocUnsafe(total);
    let at = 0;
    for (const message of batch) {
      at = writePrefix(joined, at, message.length);
      joined.set(message, at);
      at += message.length;
    }
    return [joined];
  }
  const buffers: Buffer[] = [];
  for (const message of batch) {
    const prefix = Buffer.allocUnsafe(prefixBytes);
    writePrefix(prefix, 0, message.length);
    buffers.push(prefix, Buffer.from(message.buffer, message.byteOffset, message.byteLength));
  }
  return buffers;
}

function writePrefix(into: Buffer, at: number, length: number): number {
  into[at] = 0;
  return into.writeUInt32BE(length, at + 1);
}

/**
 * Turns chunks into messages, as they are asked for. A message within one chunk is a view of it; one that spans
 * chunks is copied once, into a buffer of its size, whose length has been checked first.
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
  get isDry(): boolean {
    return this.#chunk === undefined;
  }

  push(chunk: Uint8Array): void {
    if (chunk.length === 0) return;
    if (this.#chunk === undefined) {
      this.#chunk = chunk;
      this.#at = 0;
    } else {
      this.#later ??= [];
      this.#later.push(chunk);
    }
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
          this.#advance(chunk, length);
          return new Uint8Array(chunk.buffer, chunk.byteOffset + at, length);
        }
        this.#message = new Uint8Array(length);
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
    if (this.#prefixFilled === 0 && chunk.length - this.#at >= prefixBytes) {
      const at = this.#at;
      this.#at += prefixBytes;
      return this.#checkPrefix(chunk, at);
    }
    const size = Math.min(prefixBytes - this.#prefixFilled, chunk.length - this.#at);
    const prefix = this.#prefix ?? new Uint8Array(prefixBytes);
    this.#prefix = prefix;
    prefix.set(chunk.subarray(this.#at, this.#at + size), this.#prefixFilled);
    this.#prefixFilled += size;
    if (this.#prefixFilled < prefixBytes) {
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
      throw new RpcError(Code.INTERNAL, `the upstream sent a message with the unknown flag ${flag}`);
    const length =
      (bytes[at + 1] as number) * 2 ** 24 +
      ((bytes[at + 2] as number) << 16) +
      ((bytes[at + 3] as number) << 8) +
      (bytes[at + 4] as number);
    if (length > this.#maxMessageBytes) {
      throw new RpcError(
        Code.RESOURCE_EXHAUSTED,
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
  }
}

/**
 * A chunk that will be kept for a while. Node's are views of the 64 KiB it has read from the socket, for whichever
 * streams: a small one must not keep all of that alive.
 */
export function unpinned(chunk: Buffer): Uint8Array {
  return chunk.length * 4 < chunk.buffer.byteLength ? new Uint8Array(chunk) : chunk;
}
