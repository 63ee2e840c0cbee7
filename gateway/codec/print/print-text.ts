import type { Printer } from '../plan/index.js';
import { INVALID_TEXT } from '../primitive/index.js';

const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/** What a byte of a string is: 0 stands for itself, 1 is escaped, 2 begins a sequence of several bytes (or is wrong). */
const CLASS = new Uint8Array(256);
CLASS.fill(1, 0, 0x20);
CLASS[QUOTE] = 1;
CLASS[BACKSLASH] = 1;
CLASS.fill(2, 0x80);

/** The letter of a short escape, as JSON.stringify has it; 0 where it takes six characters. */
const SHORT_ESCAPE = new Uint8Array(128);
for (const [character, letter] of ['\bb', '\tt', '\nn', '\ff', '\rr', '""', '\\\\']) {
  SHORT_ESCAPE[(character as string).charCodeAt(0)] = (letter as string).charCodeAt(0);
}
const HEX = Buffer.from('0123456789abcdef');

/** Up to here it costs less to ask for the largest room at once, and to copy byte by byte. */
const SHORT_BYTES = 256;

/** Prints the next `low` bytes as a JSON string with its quotation marks. They must be valid UTF-8. */
export function printText(printer: Printer): void {
  const length = printer.low;
  const end = printer.pos + length;
  if (length <= SHORT_BYTES) {
    printer.room(length * 6 + 2);
    printer.out[printer.at++] = QUOTE;
    printShort(printer, end);
  } else {
    printer.room(length + 2);
    printer.out[printer.at++] = QUOTE;
    printLong(printer, end);
  }
  printer.out[printer.at++] = QUOTE;
}

/** The same without quotation marks, and for few bytes. */
function printShort(printer: Printer, end: number): void {
  const bytes = printer.bytes;
  const out = printer.out;
  let pos = printer.pos;
  let at = printer.at;
  while (pos < end) {
    const byte = bytes[pos] as number;
    const kind = CLASS[byte] as number;
    if (kind === 0) {
      out[at++] = byte;
      pos += 1;
    } else if (kind === 1) {
      at = putEscape(out, at, byte);
      pos += 1;
    } else {
      const next = pos + sequenceLength(bytes, pos, end);
      while (pos < next) out[at++] = bytes[pos++] as number;
    }
  }
  printer.pos = pos;
  printer.at = at;
}

/** Finds what stands for itself and copies it at once. */
function printLong(printer: Printer, end: number): void {
  const bytes = printer.bytes;
  let pos = printer.pos;
  let copied = pos;
  while (pos < end) {
    const byte = bytes[pos] as number;
    const kind = CLASS[byte] as number;
    if (kind === 0) pos += 1;
    else if (kind === 2) pos += sequenceLength(bytes, pos, end);
    else {
      copyRun(printer, copied, pos);
      printer.at = putEscape(printer.out, printer.at, byte);
      pos += 1;
      copied = pos;
    }
  }
  copyRun(printer, copied, pos);
  printer.pos = pos;
}

function copyRun(printer: Printer, start: number, end: number): void {
  printer.room(end - start);
  printer.out.set(printer.bytes.subarray(start, end), printer.at);
  printer.at += end - start;
}

function putEscape(out: Uint8Array, at: number, byte: number): number {
  out[at] = BACKSLASH;
  const letter = SHORT_ESCAPE[byte] as number;
  if (letter !== 0) {
    out[at + 1] = letter;
    return at + 2;
  }
  out[at + 1] = 0x75;
  out[at + 2] = 0x30;
  out[at + 3] = 0x30;
  out[at + 4] = HEX[byte >>> 4] as number;
  out[at + 5] = HEX[byte & 15] as number;
  return at + 6;
}

/** The length of the sequence at `pos`, which is not ASCII. Source: the table of the Unicode Standard, 3.9, D92. */
export function sequenceLength(bytes: Uint8Array, pos: number, end: number): number {
  const first = bytes[pos] as number;
  const length = first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
  if (first < 0xc2 || first > 0xf4 || pos + length > end) throw INVALID_TEXT;
  const second = bytes[pos + 1] as number;
  const least = first === 0xe0 ? 0xa0 : first === 0xf0 ? 0x90 : 0x80;
  const most = first === 0xed ? 0x9f : first === 0xf4 ? 0x8f : 0xbf;
  if (second < least || second > most) throw INVALID_TEXT;
  for (let index = 2; index < length; index += 1) {
    if (((bytes[pos + index] as number) & 0xc0) !== 0x80) throw INVALID_TEXT;
  }
  return length;
}
