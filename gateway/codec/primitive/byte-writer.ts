/** Where `ByteWriter` starts; most batches fit, and 16 KiB is what one TLS record or HTTP/2 frame carries. */
const INITIAL_BYTES = 16 * 1024;

/** What is left of a buffer is used again only when it is worth it. */
const SMALLEST_REST = INITIAL_BYTES / 4;

/**
 * Bytes that grow at the end. What is written together leaves together: a batch of messages becomes one
 * buffer and one system call.
 */
export class ByteWriter {
  /** The bytes so far are `buffer[0..length)`. A codec may write directly after `reserve`. */
  buffer: Buffer;
  length = 0;

  constructor(initialBytes: number = INITIAL_BYTES) {
    this.buffer = Buffer.allocUnsafeSlow(initialBytes);
  }

  /** Makes room for `count` more bytes, so that `buffer.length - length >= count`. */
  reserve(count: number): void {
    const needed = this.length + count;
    if (needed <= this.buffer.length) return;
    const grown = Buffer.allocUnsafeSlow(Math.max(needed, this.buffer.length * 2, INITIAL_BYTES));
    this.buffer.copy(grown, 0, 0, this.length);
    this.buffer = grown;
  }

  /** Appends bytes; they are copied. */
  bytes(value: Uint8Array): void {
    this.reserve(value.length);
    this.buffer.set(value, this.length);
    this.length += value.length;
  }

  /** Appends a text as UTF-8. */
  text(value: string): void {
    // Three bytes are the most that one UTF-16 code unit needs.
    this.reserve(value.length * 3);
    this.length += this.buffer.write(value, this.length, 'utf8');
  }

  /** Takes what was written, and starts anew. The bytes belong to the caller: they are never written again. */
  take(): Buffer {
    const taken = this.buffer.subarray(0, this.length);
    const rest = this.buffer.length - this.length;
    // The rest of a large buffer is let go: the next small batch would keep all of it in memory.
    const useful = rest >= SMALLEST_REST && this.buffer.buffer.byteLength <= INITIAL_BYTES;
    this.buffer = useful ? this.buffer.subarray(this.length) : Buffer.allocUnsafeSlow(INITIAL_BYTES);
    this.length = 0;
    return taken;
  }
}
