import { JsonFault, type Parser } from '../plan/index.js';
import { MINUS, peek, QUOTE, stringText, takeNumber, takeString, unexpected } from './tokens.js';

/** So many digits are exact in a double, whatever they are. */
const EXACT_DIGITS = 15;
const POWERS_OF_TEN = Array.from({ length: 23 }, (_, exponent) => Number(`1e${exponent}`));

/** Where the digits of an integer end, at the latest: 2^64 has 20. More means out of range, and is not worked out. */
const MAX_INTEGER_DIGITS = 20;
const ZERO = 0x30;

const DECIMAL = /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/;

/**
 * Takes an integer, as a number or in quotation marks. A fraction and an exponent are fine as long as the value is whole. The
 * value is exact: it never goes through a double that would round it.
 */
export function takeInteger(parser: Parser, wanted: string): void {
  const text = parser.text;
  const quoted = peek(parser) === QUOTE;
  let pos = quoted ? parser.pos + 1 : parser.pos;
  const negative = text[pos] === MINUS;
  if (negative) pos += 1;
  const first = pos;
  let value = 0;
  let digit = (text[pos] as number) - 0x30;
  while (digit >= 0 && digit <= 9) {
    value = value * 10 + digit;
    pos += 1;
    digit = (text[pos] as number) - 0x30;
  }
  const count = pos - first;
  const next = text[pos] as number;
  const plain = quoted ? next === QUOTE : next !== 0x2e && (next | 0x20) !== 0x65;
  if (plain && count > 0 && count <= EXACT_DIGITS && (count === 1 || text[first] !== 0x30)) {
    parser.pos = quoted ? pos + 1 : pos;
    // Adding zero turns -0 into 0.
    parser.integer = (negative ? -value : value) + 0;
    parser.large = undefined;
    return;
  }
  takeUnusualInteger(parser, quoted, wanted);
}

function takeUnusualInteger(parser: Parser, quoted: boolean, wanted: string): void {
  const start = parser.pos;
  const text = numberText(parser, quoted, wanted);
  const value = wholeNumber(text);
  if (value === undefined) {
    parser.pos = start;
    throw unexpected(parser, wanted);
  }
  const small = value >= -9_007_199_254_740_991n && value <= 9_007_199_254_740_991n;
  parser.integer = small ? Number(value) : Number.NaN;
  parser.large = small ? undefined : value;
}

/** A token of a number, or the text of a string. */
function numberText(parser: Parser, quoted: boolean, wanted: string): string {
  const start = parser.pos;
  if (quoted) {
    takeString(parser);
    return stringText(parser);
  }
  const byte = parser.text[start] as number;
  if (byte !== MINUS && (byte < 0x30 || byte > 0x39)) throw unexpected(parser, wanted);
  return parser.text.toString('latin1', start, takeNumber(parser));
}

/** The exact value of a decimal text; undefined when it is none, is not whole, or has more than 20 digits. */
function wholeNumber(text: string): bigint | undefined {
  const match = DECIMAL.exec(text);
  if (match === null) return undefined;
  const [, sign = '', whole = '', fraction = '', exponent = '0'] = match;
  const digits = `${whole}${fraction}`;
  let start = 0;
  while (digits.charCodeAt(start) === ZERO) start += 1;
  if (start === digits.length) return 0n;
  let end = digits.length;
  while (digits.charCodeAt(end - 1) === ZERO) end -= 1;
  const zeros = Number(exponent) - fraction.length + (digits.length - end);
  // Before it becomes a BigInt: that costs the square of its digits.
  if (zeros < 0 || end - start + zeros > MAX_INTEGER_DIGITS) return undefined;
  return BigInt(`${sign}${digits.slice(start, end)}${'0'.repeat(zeros)}`);
}

/** Takes a number for a double or float: a number, or in quotation marks also "NaN", "Infinity" and "-Infinity". */
export function takeFloating(parser: Parser): number {
  const start = parser.pos;
  if (peek(parser) !== QUOTE) return takeFiniteNumber(parser);
  takeString(parser);
  const text = stringText(parser);
  switch (text) {
    case 'NaN':
      return Number.NaN;
    case 'Infinity':
      return Number.POSITIVE_INFINITY;
    case '-Infinity':
      return Number.NEGATIVE_INFINITY;
    default: {
      const value = DECIMAL.test(text) ? Number(text) : Number.NaN;
      if (Number.isFinite(value)) return value;
      parser.pos = start;
      throw unexpected(parser, 'a number');
    }
  }
}

/** Takes a number token. What is too large for a double is refused. */
export function takeFiniteNumber(parser: Parser): number {
  const text = parser.text;
  const start = parser.pos;
  let pos = start;
  const negative = text[pos] === MINUS;
  if (negative) pos += 1;
  const first = pos;
  let mantissa = 0;
  let places = 0;
  let digit = (text[pos] as number) - 0x30;
  while (digit >= 0 && digit <= 9) {
    mantissa = mantissa * 10 + digit;
    pos += 1;
    digit = (text[pos] as number) - 0x30;
  }
  let count = pos - first;
  const wholeDigits = count;
  if (text[pos] === 0x2e) {
    pos += 1;
    digit = (text[pos] as number) - 0x30;
    while (digit >= 0 && digit <= 9) {
      mantissa = mantissa * 10 + digit;
      places += 1;
      pos += 1;
      digit = (text[pos] as number) - 0x30;
    }
    count += places;
    // A dot without digits is for the slow way, which refuses it.
    if (places === 0) count = EXACT_DIGITS + 1;
  }
  const exponent = ((text[pos] as number) | 0x20) === 0x65;
  const leadingZero = wholeDigits > 1 && text[first] === 0x30;
  if (count <= EXACT_DIGITS && wholeDigits > 0 && !exponent && !leadingZero) {
    parser.pos = pos;
    // Both are exact, so that the division is rounded once: the nearest double.
    const magnitude = places === 0 ? mantissa : mantissa / (POWERS_OF_TEN[places] as number);
    return negative ? -magnitude : magnitude;
  }
  const value = Number(numberText(parser, false, 'a number'));
  if (Number.isFinite(value)) return value;
  parser.pos = start;
  throw new JsonFault('a number is too large for a double');
}
