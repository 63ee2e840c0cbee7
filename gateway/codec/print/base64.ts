import type { Printer } from '../plan/index.js';

const ALPHABET = Buffer.from('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/');
const QUOTE = 0x22;
const PADDING = 0x3d;

/** Beyond it Node's own encoder is faster. */
const SHORT_BYTES = 192;

/** Prints the next `low` bytes in standard base64 with padding, with quotation marks. Source: RFC 4648, section 4. */
export function printBase64(printer: Printer): void {
  const length = printer.low;
  const encodedLength = Math.ceil(length / 3) * 4;
  printer.room(encodedLength + 2);
  printer.out[printer.at] = QUOTE;
  if (length <= SHORT_BYTES) putShort(printer.out, printer.at + 1, printer.bytes, printer.pos, length);
  else putLong(printer, length);
  printer.out[printer.at + 1 + encodedLength] = QUOTE;
  printer.at += encodedLength + 2;
  printer.pos += length;
}

function putLong(printer: Printer, length: number): void {
  const { bytes, pos } = printer;
  const view = Buffer.from(bytes.buffer, bytes.byteOffset + pos, length);
  printer.out.write(view.toString('base64'), printer.at + 1, 'latin1');
}

function putShort(out: Uint8Array, start: number, bytes: Uint8Array, from: number, length: number): void {
  let at = start;
  let pos = from;
  const wholeEnd = from + length - (length % 3);
  while (pos < wholeEnd) {
    const bits =
      ((bytes[pos] as number) << 16) | ((bytes[pos + 1] as number) << 8) | (bytes[pos + 2] as number);
    out[at] = ALPHABET[bits >>> 18] as number;
    out[at + 1] = ALPHABET[(bits >>> 12) & 63] as number;
    out[at + 2] = ALPHABET[(bits >>> 6) & 63] as number;
    out[at + 3] = ALPHABET[bits & 63] as number;
    at += 4;
    pos += 3;
  }
  const rest = length % 3;
  if (rest === 0) return;
  const bits = ((bytes[pos] as number) << 16) | (rest === 2 ? (bytes[pos + 1] as number) << 8 : 0);
  out[at] = ALPHABET[bits >>> 18] as number;
  out[at + 1] = ALPHABET[(bits >>> 12) & 63] as number;
  out[at + 2] = rest === 2 ? (ALPHABET[(bits >>> 6) & 63] as number) : PADDING;
  out[at + 3] = PADDING;
}
