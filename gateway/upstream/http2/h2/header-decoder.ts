import { ConnectionError, ErrorCode } from './codes.js';
import { DEFAULT_TABLE_BYTES, DynamicTable, fieldBytes, STATIC_FIELDS } from './header-table.js';
import { decodeHuffman } from './huffman.js';

/** A header block as it came: name, value, name, value. Blocks of the same bytes may be the same list. */
export type RawHeaders = readonly string[];

/** Fields of one block, and their bytes as RFC 9113 section 10.5.1 counts them. Node's own clients take as much. */
export const MAX_FIELDS = 128;
export const MAX_HEADER_LIST_BYTES = 65_535;

/** Blocks that are kept: heads and trailers, with and without metadata. */
const MAX_KEPT = 4;
/** Of at most so many bytes, whose number is exact. */
const MAX_KEPT_BYTES = 6;

/** A block of fields that are all in the tables, a byte each, as one number; -1 for any other. */
function numberOf(block: Uint8Array): number {
  if (block.length > MAX_KEPT_BYTES) return -1;
  let number = 0;
  for (const byte of block) {
    if (byte <= 0x80 || byte === 0xff) return -1;
    number = number * 256 + byte;
  }
  return number;
}

/** Decodes the header blocks of one connection, which must all pass through here, in order. Source: RFC 7541. */
export class HeaderDecoder {
  readonly #table = new DynamicTable();
  #bytes: Uint8Array = new Uint8Array(0);
  #at = 0;
  /** What was decoded since the table changed last, by `numberOf`: most answers of a service have the same few blocks. */
  #keptNumbers: number[] = [];
  #kept: RawHeaders[] = [];

  /**
   * The fields of a block; `undefined` when they are more than we take, which the table learns from all the same. Throws a
   * `ConnectionError` when the bytes are no header block.
   */
  decode(block: Uint8Array): RawHeaders | undefined {
    const number = numberOf(block);
    const kept = number > 0 ? this.#keptNumbers.indexOf(number) : -1;
    if (kept >= 0) return this.#kept[kept];
    const raw = this.#decode(block);
    if (number > 0 && raw !== undefined) this.#keep(number, raw);
    return raw;
  }

  #keep(number: number, raw: RawHeaders): void {
    if (this.#kept.length >= MAX_KEPT) this.#forget();
    this.#keptNumbers.push(number);
    this.#kept.push(raw);
  }

  #forget(): void {
    if (this.#kept.length === 0) return;
    this.#keptNumbers = [];
    this.#kept = [];
  }

  #decode(block: Uint8Array): RawHeaders | undefined {
    this.#bytes = block;
    this.#at = 0;
    const raw: string[] = [];
    let bytes = 0;
    while (this.#at < block.length) {
      const first = block[this.#at] as number;
      if ((first & 0xe0) === 0x20) {
        if (raw.length > 0) throw broken('a table size after a field');
        const limit = this.#integer(5);
        if (limit > DEFAULT_TABLE_BYTES) throw broken('a dynamic table larger than allowed');
        this.#table.resize(limit);
        this.#forget();
        continue;
      }
      const [name, value] = this.#field(first);
      bytes += fieldBytes(name, value);
      if (bytes <= MAX_HEADER_LIST_BYTES) raw.push(name, value);
    }
    return bytes > MAX_HEADER_LIST_BYTES || raw.length > 2 * MAX_FIELDS ? undefined : raw;
  }

  #field(first: number): readonly [name: string, value: string] {
    if (first >= 0x80) return this.#indexed(this.#integer(7));
    const isLearnt = first >= 0x40;
    const index = this.#integer(isLearnt ? 6 : 4);
    const name = index === 0 ? this.#string() : this.#indexed(index)[0];
    const value = this.#string();
    if (isLearnt) {
      this.#table.add(name, value);
      this.#forget();
    }
    return [name, value];
  }

  #indexed(index: number): readonly [name: string, value: string] {
    const field =
      index <= STATIC_FIELDS.length
        ? STATIC_FIELDS[index - 1]
        : this.#table.at(index - STATIC_FIELDS.length - 1);
    if (field === undefined) throw broken(`index ${index} is not in the table`);
    return field;
  }

  /** Source: RFC 7541 section 5.1. Four further bytes are more than any limit here needs. */
  #integer(bits: number): number {
    const mask = (1 << bits) - 1;
    let value = (this.#byte() as number) & mask;
    if (value < mask) return value;
    for (let shift = 0; shift <= 21; shift += 7) {
      const byte = this.#byte();
      value += (byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
    throw broken('an integer of too many bytes');
  }

  #string(): string {
    const isHuffman = ((this.#bytes[this.#at] ?? 0) & 0x80) !== 0;
    const length = this.#integer(7);
    const end = this.#at + length;
    if (end > this.#bytes.length) throw broken('a string longer than the block');
    const bytes = this.#bytes.subarray(this.#at, end);
    this.#at = end;
    return isHuffman ? decodeHuffman(bytes) : latin1(bytes);
  }

  #byte(): number {
    const byte = this.#bytes[this.#at++];
    if (byte === undefined) throw broken('the block ends too early');
    return byte;
  }
}

function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1');
}

function broken(why: string): ConnectionError {
  return new ConnectionError(ErrorCode.COMPRESSION_ERROR, `sent a malformed header block: ${why}`);
}
