/** Up to here a loop costs less than a call into the engine. */
const SHORT_CHARS = 64;
const INITIAL_BYTES = 1024;
const LENGTH_DELIMITED = 2;
const MAX_VARINT = 10;

/** Writes protobuf to bytes that grow. What a message in a message says of its length is written behind it, and it makes room for that. */
export class DescriptorWriter {
  #bytes: Buffer;
  #length = 0;

  /** `initialBytes`: how much there is likely to be. */
  constructor(initialBytes: number = INITIAL_BYTES) {
    this.#bytes = Buffer.allocUnsafeSlow(Math.max(initialBytes, INITIAL_BYTES));
  }

  /** What is written so far, until more is written. */
  written(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  tag(number: number, wireType: number): void {
    this.varint(number * 8 + wireType);
  }

  /** A number from 0 to 2^53. */
  varint(value: number): void {
    if (this.#length + MAX_VARINT > this.#bytes.length) this.#grow(MAX_VARINT);
    const bytes = this.#bytes;
    // Most are short.
    if (value < 128) {
      bytes[this.#length++] = value;
      return;
    }
    let at = this.#length;
    let rest = value;
    for (; rest > 0x7fff_ffff; rest = Math.floor(rest / 128)) bytes[at++] = (rest % 128) | 128;
    for (; rest > 127; rest >>>= 7) bytes[at++] = (rest & 127) | 128;
    bytes[at++] = rest;
    this.#length = at;
  }

  numberField(number: number, value: number): void {
    this.varint(number * 8);
    this.varint(value);
  }

  /** A negative number takes ten bytes, as if it had 64 bits. */
  int32Field(number: number, value: number): void {
    this.tag(number, 0);
    if (value >= 0) {
      this.varint(value);
      return;
    }
    if (this.#length + MAX_VARINT > this.#bytes.length) this.#grow(MAX_VARINT);
    let rest = value;
    for (let count = 0; count < 9; count += 1, rest >>= 7) this.#bytes[this.#length++] = (rest & 127) | 128;
    this.#bytes[this.#length++] = 1;
  }

  bytesField(number: number, value: Uint8Array): void {
    this.varint(number * 8 + LENGTH_DELIMITED);
    this.varint(value.length);
    this.raw(value);
  }

  textField(number: number, value: string): void {
    this.varint(number * 8 + LENGTH_DELIMITED);
    this.text(value);
  }

  /** Bytes without anything before them. */
  raw(value: Uint8Array): void {
    if (this.#length + value.length > this.#bytes.length) this.#grow(value.length);
    this.#bytes.set(value, this.#length);
    this.#length += value.length;
  }

  /** A text as UTF-8, behind its length. */
  text(value: string): void {
    if (value.length <= SHORT_CHARS && this.#shortAscii(value)) return;
    const length = Buffer.byteLength(value, 'utf8');
    this.varint(length);
    if (this.#length + length > this.#bytes.length) this.#grow(length);
    this.#bytes.write(value, this.#length, 'utf8');
    this.#length += length;
  }

  #shortAscii(value: string): boolean {
    const { length } = value;
    if (this.#length + length + 1 > this.#bytes.length) this.#grow(length + 1);
    const bytes = this.#bytes;
    let at = this.#length;
    bytes[at++] = length;
    for (let index = 0; index < length; index += 1) {
      const unit = value.charCodeAt(index);
      if (unit > 127) return false;
      bytes[at++] = unit;
    }
    this.#length = at;
    return true;
  }

  /** Begins a message, or a list of numbers. Returns what `end` wants to know. */
  begin(number: number): number {
    this.varint(number * 8 + LENGTH_DELIMITED);
    if (this.#length === this.#bytes.length) this.#grow(1);
    // Most are short: one byte for the length.
    this.#length += 1;
    return this.#length;
  }

  /** Ends what begins there. */
  end(start: number): void {
    const length = this.#length - start;
    if (length < 128) {
      this.#bytes[start - 1] = length;
      return;
    }
    const more = sizeOfVarint(length) - 1;
    if (this.#length + more > this.#bytes.length) this.#grow(more);
    this.#bytes.copyWithin(start + more, start, start + length);
    this.#length = start - 1;
    this.varint(length);
    this.#length += length;
  }

  #grow(count: number): void {
    const grown = Buffer.allocUnsafeSlow(Math.max(this.#length + count, 2 * this.#bytes.length));
    this.#bytes.copy(grown, 0, 0, this.#length);
    this.#bytes = grown;
  }
}

function sizeOfVarint(value: number): number {
  let size = 1;
  for (let rest = value; rest > 127; rest = Math.floor(rest / 128)) size += 1;
  return size;
}
