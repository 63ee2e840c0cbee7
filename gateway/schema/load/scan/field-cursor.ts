import { WireType } from '@bufbuild/protobuf/wire';

/** Bytes are not as a plain schema has them: whoever reads everything says what is wrong, or that nothing is. */
export class NotPlain extends Error {
  override readonly name = 'NotPlain';
}

/** Throws `NotPlain` unless it is so. */
export function assertPlain(isPlain: boolean, problem: string): asserts isPlain {
  if (!isPlain) throw new NotPlain(problem);
}

/** A varint beyond these is none of a descriptor's numbers. */
const MAX_SHIFT = 2 ** 63;

/** Walks the fields of a serialized message without making anything of them. Throws `NotPlain` where the bytes are malformed. */
export class FieldCursor {
  readonly #bytes: Uint8Array;
  readonly #end: number;
  #pos: number;
  number = 0;
  #type: number = WireType.Varint;
  /** Of a varint: its value. */
  #value = 0;
  /** Of bytes: where they begin and end. */
  #start = 0;
  #stop = 0;

  constructor(bytes: Uint8Array, start: number, end: number) {
    this.#bytes = bytes;
    this.#pos = start;
    this.#end = end;
  }

  /** Goes to the next field; `false` behind the last one. */
  next(): boolean {
    if (this.#pos >= this.#end) return false;
    const tag = this.#varint();
    assertPlain(tag >= 8 && tag < 2 ** 32, 'a field without a number');
    this.number = Math.floor(tag / 8);
    this.#type = tag % 8;
    switch (this.#type) {
      case WireType.Varint:
        this.#value = this.#varint();
        break;
      case WireType.LengthDelimited: {
        const length = this.#varint();
        this.#start = this.#pos;
        this.#stop = this.#skip(length);
        break;
      }
      case WireType.Bit32:
        this.#skip(4);
        break;
      case WireType.Bit64:
        this.#skip(8);
        break;
      default:
        throw new NotPlain('a group');
    }
    return true;
  }

  /** The value of a varint; at 2^53 and above not exact. */
  get value(): number {
    assertPlain(this.#type === WireType.Varint, 'another wire type');
    return this.#value;
  }

  /** Where the bytes of the field begin. */
  get start(): number {
    assertPlain(this.#type === WireType.LengthDelimited, 'another wire type');
    return this.#start;
  }

  /** Where they end. */
  get stop(): number {
    return this.#stop;
  }

  /** The fields of a message in this field. */
  inner(): FieldCursor {
    return new FieldCursor(this.#bytes, this.start, this.#stop);
  }

  #skip(length: number): number {
    this.#pos += length;
    assertPlain(this.#pos <= this.#end, 'too short');
    return this.#pos;
  }

  #varint(): number {
    let value = 0;
    for (let factor = 1; factor <= MAX_SHIFT; factor *= 128) {
      const byte = this.#bytes[this.#pos] ?? 0;
      assertPlain(this.#pos < this.#end, 'too short');
      this.#pos += 1;
      value += (byte & 127) * factor;
      if (byte < 128) return value;
    }
    throw new NotPlain('a varint that is too long');
  }
}
