import type { ByteWriter } from '../primitive/index.js';
import { KeyList, MAX_DEPTH, wireError } from '../primitive/index.js';

/**
 * Thrown when a message cannot be printed in one pass: its records are not in the order of printing, or one replaces
 * another. The codec then starts again with `checked` set. It is a constant, so that throwing it costs little.
 */
export const DISORDER: unique symbol = Symbol('disorder');

/** Every single value fits in it, so that only strings and bytes have to ask for room. */
const SLACK_BYTES = 64;

/** Where printing stands: wire bytes in, JSON bytes out. One object serves all messages, since printing never waits. */
export class Printer {
  bytes: Buffer = NO_BUFFER;
  pos = 0;
  /** Where the innermost message ends. */
  end = 0;
  writer: ByteWriter | undefined = undefined;
  /** The writer's buffer. */
  out: Buffer = NO_BUFFER;
  at = 0;
  /** Registers: the two halves of a number, signed so that they stay small integers; or a length in `low`. */
  low = 0;
  high = 0;
  depth = 0;
  readonly keys = new KeyList();
  /** Every message is put in order before it is printed. */
  checked = false;

  begin(bytes: Uint8Array, start: number, end: number, writer: ByteWriter, checked: boolean): void {
    this.bytes = bytes instanceof Buffer ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
    this.pos = start;
    this.end = end;
    this.writer = writer;
    this.out = writer.buffer;
    this.at = writer.length;
    this.depth = 0;
    this.checked = checked;
    this.keys.reset();
  }

  /** Lets go of the message. */
  finish(): void {
    this.bytes = NO_BUFFER;
    this.writer = undefined;
    this.out = NO_BUFFER;
  }

  /** Makes room for `count` bytes and a single value. */
  room(count: number): void {
    if (this.out.length - this.at < count + SLACK_BYTES) this.grow(count + SLACK_BYTES);
  }

  private grow(count: number): void {
    const writer = this.writer as ByteWriter;
    writer.length = this.at;
    writer.reserve(count);
    this.out = writer.buffer;
  }

  /** Appends bytes that are few: names and literals. */
  copy(text: Uint8Array): void {
    const length = text.length;
    if (this.out.length - this.at < length + SLACK_BYTES) this.grow(length + SLACK_BYTES);
    const out = this.out;
    const at = this.at;
    for (let index = 0; index < length; index += 1) out[at + index] = text[index] as number;
    this.at = at + length;
  }

  /** Appends one byte; there is room. */
  byte(value: number): void {
    this.out[this.at] = value;
    this.at += 1;
  }

  /** Goes into a message of `low` bytes, and returns where the outer one ends. */
  enter(): number {
    this.depth += 1;
    if (this.depth > MAX_DEPTH) throw wireError('it is nested too deeply');
    const outer = this.end;
    this.end = this.pos + this.low;
    return outer;
  }

  leave(outer: number): void {
    this.depth -= 1;
    this.end = outer;
  }
}

const NO_BUFFER = Buffer.alloc(0);
