import { JsonFault, type Parser } from '../plan/index.js';
import { putVarint32 } from './parse-scalars.js';
import { peek, QUOTE, takeString, unescapeInto, unexpected } from './tokens.js';

/** Beyond it Node's own copy is faster. */
const SHORT_BYTES = 64;

/** Takes a JSON string and writes it, with its length. */
export function parseText(parser: Parser): void {
  if (peek(parser) !== QUOTE) throw unexpected(parser, 'a string');
  takeString(parser);
  if (parser.stringEscaped) {
    parser.room(parser.stringEnd - parser.stringStart);
    const start = parser.open();
    parser.at = unescapeInto(parser, parser.out, start);
    parser.close(start);
    return;
  }
  const { text, stringStart, stringEnd } = parser;
  const length = stringEnd - stringStart;
  parser.room(length);
  putVarint32(parser, length);
  const out = parser.out;
  const at = parser.at;
  if (length <= SHORT_BYTES)
    for (let index = 0; index < length; index += 1) out[at + index] = text[stringStart + index] as number;
  else text.copy(out, at, stringStart, stringEnd);
  parser.at = at + length;
}

const NO_DIGIT = 0xff;
/** The value of a base64 character, of both alphabets. */
const DIGITS = new Uint8Array(256).fill(NO_DIGIT);
for (const [index, character] of [
  ...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789',
].entries()) {
  DIGITS[character.charCodeAt(0)] = index;
}
for (const character of '+-') DIGITS[character.charCodeAt(0)] = 62;
for (const character of '/_') DIGITS[character.charCodeAt(0)] = 63;
const PADDING = 0x3d;

/**
 * Takes base64 in a JSON string and writes the bytes, with their length. Either alphabet of RFC 4648, padding optional,
 * nothing else in it.
 */
export function parseBase64(parser: Parser): void {
  if (peek(parser) !== QUOTE) throw unexpected(parser, 'base64 in a string');
  const tokenStart = parser.pos;
  takeString(parser);
  let source: Uint8Array = parser.text;
  let pos = parser.stringStart;
  let end = parser.stringEnd;
  if (parser.stringEscaped) {
    source = Buffer.allocUnsafe(end - pos);
    end = unescapeInto(parser, source, 0);
    pos = 0;
  }
  const encoded = end - pos;
  while (end > pos && source[end - 1] === PADDING && encoded - (end - pos) < 2) end -= 1;
  const padding = encoded - (end - pos);
  const rest = (end - pos) & 3;
  if (rest === 1 || (padding > 0 && (encoded & 3) !== 0)) throw badBase64(parser, tokenStart);
  const length = ((end - pos) >>> 2) * 3 + (rest === 0 ? 0 : rest - 1);
  parser.room(length);
  putVarint32(parser, length);
  if (!decode(source, pos, end, parser)) throw badBase64(parser, tokenStart);
}

function badBase64(parser: Parser, tokenStart: number): JsonFault {
  parser.pos = tokenStart;
  return new JsonFault('expected base64');
}

function decode(source: Uint8Array, start: number, end: number, parser: Parser): boolean {
  const out = parser.out;
  let at = parser.at;
  let pos = start;
  const wholeEnd = end - ((end - start) & 3);
  // A character that is no digit sets bits that no digit has.
  let seen = 0;
  while (pos < wholeEnd) {
    const first = DIGITS[source[pos] as number] as number;
    const second = DIGITS[source[pos + 1] as number] as number;
    const third = DIGITS[source[pos + 2] as number] as number;
    const fourth = DIGITS[source[pos + 3] as number] as number;
    seen |= first | second | third | fourth;
    out[at] = (first << 2) | (second >>> 4);
    out[at + 1] = (second << 4) | (third >>> 2);
    out[at + 2] = (third << 6) | fourth;
    at += 3;
    pos += 4;
  }
  if (pos < end) {
    const first = DIGITS[source[pos] as number] as number;
    const second = DIGITS[source[pos + 1] as number] as number;
    seen |= first | second;
    out[at++] = (first << 2) | (second >>> 4);
    if (end - pos === 3) {
      const third = DIGITS[source[pos + 2] as number] as number;
      seen |= third;
      out[at++] = (second << 4) | (third >>> 2);
    }
  }
  parser.at = at;
  return seen <= 63;
}
