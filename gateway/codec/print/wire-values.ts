import type { FieldPlan } from '../plan/index.js';
import { DISORDER, type Printer } from '../plan/index.js';
import { MAX_DEPTH, WireType, wireError } from '../primitive/index.js';

const MAX_VARINT_BYTES = 10;

/** Reads a tag; `pos` is before `end`. */
export function readTag(printer: Printer): number {
  const first = printer.bytes[printer.pos] as number;
  if (first < 0x80 && first > 7) {
    printer.pos += 1;
    return first;
  }
  return readLongTag(printer);
}

/** A tag has 32 bits and at most five bytes. */
function readLongTag(printer: Printer): number {
  const start = printer.pos;
  readVarint(printer);
  const tag = printer.low >>> 0;
  if (printer.high !== 0 || printer.pos - start > 5) throw wireError('a tag is too large');
  if (tag < 8) throw wireError('a field has number 0');
  return tag;
}

function cut(): Error {
  return wireError('it is cut');
}

/** A varint of at most ten bytes; bits above the 64th are dropped, as every library does. */
export function readVarint(printer: Printer): void {
  const bytes = printer.bytes;
  const end = printer.end;
  let pos = printer.pos;
  if (pos >= end) throw cut();
  let byte = bytes[pos++] as number;
  if (byte < 0x80) {
    printer.pos = pos;
    printer.low = byte;
    printer.high = 0;
    return;
  }
  // Beyond the end of a nested message there are bytes that can be read, though they are not its own.
  if (bytes.length - pos < MAX_VARINT_BYTES) {
    readVarintNearEnd(printer);
    return;
  }
  let low = byte & 0x7f;
  let high = 0;
  byte = bytes[pos++] as number;
  low |= (byte & 0x7f) << 7;
  if (byte >= 0x80) {
    byte = bytes[pos++] as number;
    low |= (byte & 0x7f) << 14;
    if (byte >= 0x80) {
      byte = bytes[pos++] as number;
      low |= (byte & 0x7f) << 21;
      if (byte >= 0x80) {
        byte = bytes[pos++] as number;
        low |= byte << 28;
        high = (byte & 0x7f) >>> 4;
        for (let shift = 3; byte >= 0x80; shift += 7) {
          if (shift > 31) throw wireError('a number is longer than ten bytes');
          byte = bytes[pos++] as number;
          high |= (byte & 0x7f) << shift;
        }
      }
    }
  }
  if (pos > end) throw cut();
  printer.pos = pos;
  printer.low = low;
  printer.high = high;
}

/** The same with a look at the end before each byte. */
function readVarintNearEnd(printer: Printer): void {
  const { bytes, end } = printer;
  let pos = printer.pos;
  let low = 0;
  let high = 0;
  let byte = 0x80;
  for (let shift = 0; byte >= 0x80; shift += 7) {
    if (pos >= end) throw cut();
    if (shift > 63) throw wireError('a number is longer than ten bytes');
    byte = bytes[pos++] as number;
    const bits = byte & 0x7f;
    if (shift < 28) low |= bits << shift;
    else if (shift === 28) {
      low |= bits << 28;
      high = bits >>> 4;
    } else high |= bits << (shift - 32);
  }
  printer.pos = pos;
  printer.low = low;
  printer.high = high;
}

/** A varint of which 32 bits count. */
export function readVarint32(printer: Printer): void {
  readVarint(printer);
  printer.high = 0;
}

/** A number of a closed enum. One that is not declared is an unknown field, which only the ordered path can leave out. */
export function readClosedEnum(printer: Printer, field: FieldPlan): void {
  readVarint(printer);
  printer.high = 0;
  if (field.enumeration?.names.has(printer.low) !== true) throw DISORDER;
}

export function readFixed32(printer: Printer): void {
  const bytes = printer.bytes;
  const pos = printer.pos;
  if (printer.end - pos < 4) throw cut();
  printer.low = word(bytes, pos);
  printer.high = 0;
  printer.pos = pos + 4;
}

export function readFixed64(printer: Printer): void {
  const bytes = printer.bytes;
  const pos = printer.pos;
  if (printer.end - pos < 8) throw cut();
  printer.low = word(bytes, pos);
  printer.high = word(bytes, pos + 4);
  printer.pos = pos + 8;
}

function word(bytes: Uint8Array, pos: number): number {
  return (
    (bytes[pos] as number) |
    ((bytes[pos + 1] as number) << 8) |
    ((bytes[pos + 2] as number) << 16) |
    ((bytes[pos + 3] as number) << 24)
  );
}

/** The length of a length-delimited value, into `low`. The value lies within the message. */
export function readLength(printer: Printer): void {
  readVarint(printer);
  const length = printer.low;
  if (printer.high !== 0 || length < 0 || length > printer.end - printer.pos) throw cut();
}

/** The length of a group's content, into `low`. */
export function readGroup(printer: Printer, field: FieldPlan): void {
  const start = printer.pos;
  printer.low = skipGroup(printer, field.number, printer.depth) - start;
  printer.high = 0;
  printer.pos = start;
}

/** Steps over the value of an unknown field. */
export function skip(printer: Printer, tag: number): void {
  skipValue(printer, tag, printer.depth);
}

function skipValue(printer: Printer, tag: number, depth: number): void {
  switch (tag & 7) {
    case WireType.VARINT:
      readVarint(printer);
      return;
    case WireType.FIXED64:
      readFixed64(printer);
      return;
    case WireType.FIXED32:
      readFixed32(printer);
      return;
    case WireType.LEN:
      readLength(printer);
      printer.pos += printer.low;
      return;
    case WireType.START_GROUP:
      skipGroup(printer, tag >>> 3, depth);
      return;
    default:
      throw wireError(`wire type ${tag & 7} is not valid here`);
  }
}

/** Returns where the content ends, which is where the end tag begins. */
function skipGroup(printer: Printer, group: number, depth: number): number {
  if (depth >= MAX_DEPTH) throw wireError('it is nested too deeply');
  while (printer.pos < printer.end) {
    const contentEnd = printer.pos;
    const tag = readTag(printer);
    if ((tag & 7) !== WireType.END_GROUP) skipValue(printer, tag, depth + 1);
    else if (tag >>> 3 === group) return contentEnd;
    else throw wireError('the end of a group does not fit its start');
  }
  throw wireError('it is cut in a group');
}
