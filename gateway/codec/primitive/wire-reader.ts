import { RpcError } from '../../status/index.js';

/** The wire types. Source: https://protobuf.dev/programming-guides/encoding/#structure */
export const WireType = { VARINT: 0, FIXED64: 1, LEN: 2, START_GROUP: 3, END_GROUP: 4, FIXED32: 5 } as const;

/** How deep messages and groups may nest: the limit of every protobuf library that has one. */
export const MAX_DEPTH = 100;

/** The bytes of a service are not a message. `detail` says what is wrong and holds no content of the message. */
export class WireFault extends RpcError {
  readonly detail: string;

  constructor(detail: string) {
    super('UPSTREAM_INVALID_MESSAGE', `the service sent an invalid message: ${detail}`);
    this.detail = detail;
  }
}

/** A `WireFault`, to be thrown. */
export function wireError(detail: string): WireFault {
  return new WireFault(detail);
}

/**
 * Thrown for a string that is not valid UTF-8. It is a constant, because whoever meets it does not know where it stands: the codec
 * makes an error of it that does.
 */
export const INVALID_TEXT: unique symbol = Symbol('invalid text');

/**
 * Reads records of one message. It never reads beyond the bytes: a message that is cut throws `RpcError` INTERNAL.
 * Source: https://protobuf.dev/programming-guides/encoding/
 */
export class WireReader {
  readonly bytes: Uint8Array;
  position = 0;
  /** Of the record whose tag was read last. */
  fieldNumber = 0;
  wireType = 0;
  /** Where the value that was skipped last ends: of a group, before its end tag. */
  valueEnd = 0;
  /** The two halves of the varint that was read last, unsigned. */
  low = 0;
  high = 0;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }

  /** Reads the next tag; false at the end of the message. */
  next(): boolean {
    const start = this.position;
    if (start >= this.bytes.length) return false;
    this.varint();
    if (this.high !== 0 || this.position - start > 5) throw wireError('a tag is too large');
    this.fieldNumber = this.low >>> 3;
    this.wireType = this.low & 7;
    if (this.fieldNumber === 0) throw wireError('a field has number 0');
    return true;
  }

  /** Reads a varint of at most ten bytes into `low` and `high`; bits above the 64th are dropped. */
  varint(): void {
    let low = 0;
    let high = 0;
    for (let index = 0; index < 10; index += 1) {
      const byte = this.bytes[this.position];
      if (byte === undefined) throw wireError('it is cut in a number');
      this.position += 1;
      const bits = byte & 0x7f;
      if (index < 4) low |= bits << (7 * index);
      else if (index === 4) {
        low |= bits << 28;
        high = bits >>> 4;
      } else high |= bits << (7 * index - 32);
      if (byte < 0x80) {
        this.low = low >>> 0;
        this.high = high >>> 0;
        return;
      }
    }
    throw wireError('a number is longer than ten bytes');
  }

  /** Moves over `count` bytes and returns where they begin. */
  advance(count: number): number {
    const start = this.position;
    if (count > this.bytes.length - start) throw wireError('it is cut');
    this.position = start + count;
    return start;
  }

  /** Reads a length and the bytes after it, without copying them. */
  lengthDelimited(): Uint8Array {
    return this.bytes.subarray(this.skipLength(), this.position);
  }

  /** Moves over a length and the bytes after it, and returns where these begin. */
  skipLength(): number {
    this.varint();
    if (this.high !== 0) throw wireError('it is cut');
    const start = this.advance(this.low);
    this.valueEnd = this.position;
    return start;
  }

  /** Moves over the value of the record whose tag was read last; a group with everything in it. */
  skip(depth: number = 0): void {
    switch (this.wireType) {
      case WireType.VARINT:
        this.varint();
        break;
      case WireType.FIXED64:
        this.advance(8);
        break;
      case WireType.FIXED32:
        this.advance(4);
        break;
      case WireType.LEN:
        this.skipLength();
        break;
      case WireType.START_GROUP:
        this.#skipGroup(depth);
        return;
      default:
        throw wireError(`wire type ${this.wireType} is not valid here`);
    }
    this.valueEnd = this.position;
  }

  #skipGroup(depth: number): void {
    if (depth >= MAX_DEPTH) throw wireError('it is nested too deeply');
    const group = this.fieldNumber;
    for (;;) {
      const contentEnd = this.position;
      if (!this.next()) throw wireError('it is cut in a group');
      if (this.wireType !== WireType.END_GROUP) this.skip(depth + 1);
      else if (this.fieldNumber !== group) throw wireError('the end of a group does not fit its start');
      else {
        this.valueEnd = contentEnd;
        return;
      }
    }
  }
}
