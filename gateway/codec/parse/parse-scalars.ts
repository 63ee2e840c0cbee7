import type { EnumPlan, FieldPlan, JsonFault, Parser } from '../plan/index.js';
import { takeFloating, takeInteger } from './numbers.js';
import { LETTER_N, peek, QUOTE, stringText, takeBool, takeNull, takeString, unexpected } from './tokens.js';

const TWO_32 = 4_294_967_296;
const INT32 = 'an integer of 32 bits';
const UINT32 = 'an integer from 0 to 4294967295';
const INT64 = 'an integer of 64 bits';
const UINT64 = 'an integer from 0 to 18446744073709551615';

const words = new Uint8Array(8);
const double = new Float64Array(words.buffer);
const float = new Float32Array(words.buffer);

/** Takes an integer of a signed 32-bit type. */
function takeInt32(parser: Parser): number {
  const start = position(parser);
  takeInteger(parser, INT32);
  const value = parser.integer;
  if (value >= -2_147_483_648 && value <= 2_147_483_647) return value;
  throw outOfRange(parser, start, INT32);
}

function takeUint32(parser: Parser): number {
  const start = position(parser);
  takeInteger(parser, UINT32);
  const value = parser.integer;
  if (value >= 0 && value < TWO_32) return value;
  throw outOfRange(parser, start, UINT32);
}

function position(parser: Parser): number {
  peek(parser);
  return parser.pos;
}

function outOfRange(parser: Parser, start: number, wanted: string): JsonFault {
  parser.pos = start;
  return unexpected(parser, wanted);
}

/** Writes an unsigned number of 32 bits as a varint. */
export function putVarint32(parser: Parser, value: number): void {
  const out = parser.out;
  let at = parser.at;
  let rest = value >>> 0;
  for (; rest > 0x7f; rest >>>= 7) out[at++] = (rest & 0x7f) | 0x80;
  out[at++] = rest;
  parser.at = at;
}

/** Writes an integer of two halves as a varint. */
export function putVarint64(parser: Parser, low: number, high: number): void {
  if (high === 0) {
    putVarint32(parser, low);
    return;
  }
  const out = parser.out;
  let at = parser.at;
  for (let shift = 0; shift < 28; shift += 7) out[at++] = ((low >>> shift) & 0x7f) | 0x80;
  const middle = (low >>> 28) | ((high & 7) << 4);
  let rest = high >>> 3;
  out[at++] = rest === 0 ? middle : middle | 0x80;
  if (rest !== 0) {
    for (; rest > 0x7f; rest >>>= 7) out[at++] = (rest & 0x7f) | 0x80;
    out[at++] = rest;
  }
  parser.at = at;
}

function putWord(parser: Parser, value: number): void {
  const out = parser.out;
  const at = parser.at;
  out[at] = value & 0xff;
  out[at + 1] = (value >>> 8) & 0xff;
  out[at + 2] = (value >>> 16) & 0xff;
  out[at + 3] = value >>> 24;
  parser.at = at + 4;
}

/** The two halves of the 64-bit integer that was taken last, after its range is checked. */
let low = 0;
let high = 0;

function takeInt64(parser: Parser): void {
  const start = position(parser);
  takeInteger(parser, INT64);
  const { large } = parser;
  if (large === undefined) splitInteger(parser.integer);
  else if (BigInt.asIntN(64, large) === large) splitLarge(large);
  else throw outOfRange(parser, start, INT64);
}

function takeUint64(parser: Parser): void {
  const start = position(parser);
  takeInteger(parser, UINT64);
  const { large } = parser;
  if (large === undefined && parser.integer >= 0) splitInteger(parser.integer);
  else if (large !== undefined && BigInt.asUintN(64, large) === large) splitLarge(large);
  else throw outOfRange(parser, start, UINT64);
}

function splitInteger(value: number): void {
  const upper = Math.floor(value / TWO_32);
  low = (value - upper * TWO_32) | 0;
  high = upper | 0;
}

function splitLarge(value: bigint): void {
  low = Number(BigInt.asIntN(32, value));
  high = Number(BigInt.asIntN(32, value >> 32n));
}

/** Each takes a JSON value and writes it as a wire value of its type, without tag. */
export function parseInt32(parser: Parser): void {
  const value = takeInt32(parser);
  if (value >= 0) putVarint32(parser, value);
  else putVarint64(parser, value | 0, -1);
}

export function parseUint32(parser: Parser): void {
  putVarint32(parser, takeUint32(parser));
}

export function parseSint32(parser: Parser): void {
  const value = takeInt32(parser);
  putVarint32(parser, (value << 1) ^ (value >> 31));
}

export function parseInt64(parser: Parser): void {
  takeInt64(parser);
  putVarint64(parser, low, high);
}

export function parseUint64(parser: Parser): void {
  takeUint64(parser);
  putVarint64(parser, low, high);
}

export function parseSint64(parser: Parser): void {
  takeInt64(parser);
  const sign = high >> 31;
  putVarint64(parser, (low << 1) ^ sign, ((high << 1) | (low >>> 31)) ^ sign);
}

export function parseFixed32(parser: Parser): void {
  putWord(parser, takeUint32(parser));
}

export function parseSfixed32(parser: Parser): void {
  putWord(parser, takeInt32(parser));
}

export function parseFixed64(parser: Parser): void {
  takeUint64(parser);
  putWord(parser, low);
  putWord(parser, high);
}

export function parseSfixed64(parser: Parser): void {
  takeInt64(parser);
  putWord(parser, low);
  putWord(parser, high);
}

export function parseDouble(parser: Parser): void {
  putDoubleBits(parser, takeFloating(parser));
}

export function putDoubleBits(parser: Parser, value: number): void {
  double[0] = value;
  const out = parser.out;
  const at = parser.at;
  for (let index = 0; index < 8; index += 1) out[at + index] = words[index] as number;
  parser.at = at + 8;
}

export function parseFloat32(parser: Parser): void {
  const start = position(parser);
  const value = takeFloating(parser);
  float[0] = value;
  // A finite number that becomes infinite is too large.
  if (!Number.isFinite(float[0]) && Number.isFinite(value))
    throw outOfRange(parser, start, 'a number for a float');
  const out = parser.out;
  const at = parser.at;
  for (let index = 0; index < 4; index += 1) out[at + index] = words[index] as number;
  parser.at = at + 4;
}

export function parseBool(parser: Parser): void {
  peek(parser);
  const value = takeBool(parser);
  if (value === undefined) throw unexpected(parser, 'true or false');
  parser.out[parser.at] = value ? 1 : 0;
  parser.at += 1;
}

/** The name of an enum's value, or a number: for a closed enum a declared one. */
export function parseEnum(parser: Parser, field: FieldPlan): void {
  const plan = field.enumeration as EnumPlan;
  const start = position(parser);
  let value: number;
  if (parser.text[start] === QUOTE) {
    takeString(parser);
    const number = plan.numbers.get(stringText(parser));
    if (number === undefined) throw outOfRange(parser, start, `a value of ${plan.typeName}`);
    value = number;
  } else {
    value = takeInt32(parser);
    if (plan.closed && !plan.names.has(value)) throw outOfRange(parser, start, `a value of ${plan.typeName}`);
  }
  if (value >= 0) putVarint32(parser, value);
  else putVarint64(parser, value | 0, -1);
}

/** google.protobuf.NullValue: null, or like any enum. */
export function parseNull(parser: Parser, field: FieldPlan): void {
  if (peek(parser) !== LETTER_N) {
    parseEnum(parser, field);
    return;
  }
  takeNull(parser);
  putVarint32(parser, 0);
}
