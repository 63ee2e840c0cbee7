import { putPadded, putPair, putUint32, putUint53 } from './digits.js';

const MINUS = 0x2d;
const DOT = 0x2e;
const ZERO = 0x30;

/** Below it every whole number and every decimal of as many digits is told apart by a double: 15 digits. */
const EXACT_DECIMALS = 1e15;
/** The same for a float: 6 digits. */
const EXACT_FLOAT_DECIMALS = 1e6;

/** JavaScript writes smaller numbers with an exponent, and so does this. */
const SMALLEST_PLAIN = 1e-6;
/** Below it floats have fewer digits than six. */
const SMALLEST_NORMAL_FLOAT = 2 ** -126;

const words = new Int32Array(2);
const double = new Float64Array(words.buffer);
const float = new Float32Array(words.buffer);

/** The double of two halves. */
export function doubleOf(low: number, high: number): number {
  words[0] = low;
  words[1] = high;
  return double[0] as number;
}

/** The float of 32 bits. */
export function floatOf(bits: number): number {
  words[0] = bits;
  return float[0] as number;
}

/**
 * Writes the shortest decimal that reads back as this finite double, and returns where it ends; 25 bytes are enough.
 *
 * Most numbers that people send are decimals of few digits. For these `round(value * 10^k)` is found again exactly: the
 * division of two exact whole numbers is rounded correctly, so `decimal / 10^k === value` proves that the decimal
 * reads back as the value; and as no two decimals of 15 digits share a double, no shorter one can.
 */
export function putDouble(out: Uint8Array, at: number, value: number): number {
  if (value === (value | 0)) {
    if (value > 0) return putUint32(out, at, value);
    if (value === 0) return putZero(out, at, value);
  }
  const magnitude = Math.abs(value);
  let decimal = Math.round(magnitude * 1e4);
  if (decimal < EXACT_DECIMALS && decimal / 1e4 === magnitude)
    return putTenThousandths(out, at, value < 0, decimal);
  decimal = Math.round(magnitude * 1e9);
  if (magnitude >= SMALLEST_PLAIN && decimal < EXACT_DECIMALS && decimal / 1e9 === magnitude)
    return putDecimal(out, at, value < 0, decimal, 1e9, 9);
  return putText(out, at, String(value));
}

/** The same for a finite float: the shortest decimal that reads back as the same 32 bits. */
export function putFloat(out: Uint8Array, at: number, value: number): number {
  if (value === 0) return putZero(out, at, value);
  const magnitude = Math.abs(value);
  const decimal = Math.round(magnitude * 1e4);
  if (decimal < EXACT_FLOAT_DECIMALS && Math.fround(decimal / 1e4) === magnitude) {
    return putTenThousandths(out, at, value < 0, decimal);
  }
  // Nine digits always tell floats apart.
  for (let precision = magnitude < SMALLEST_NORMAL_FLOAT ? 1 : 6; precision < 9; precision += 1) {
    const text = value.toExponential(precision - 1);
    const candidate = Number(text);
    if (readsBack(candidate, value)) return putText(out, at, String(candidate));
    const above = Number(nextDecimal(text));
    if (readsBack(above, value)) return putText(out, at, String(above));
  }
  return putText(out, at, String(Number(value.toPrecision(9))));
}

/**
 * The decimal is read as this float, whether its reader rounds once or by way of a double: it is not so near to the middle
 * between two floats that rounding twice could matter. A whole number is exact in a double, so that it is rounded once anyway.
 */
function readsBack(candidate: number, value: number): boolean {
  if (Number.isSafeInteger(candidate)) return Math.fround(candidate) === value;
  return (
    Math.fround(candidate * (1 - Number.EPSILON)) === value &&
    Math.fround(candidate * (1 + Number.EPSILON)) === value
  );
}

/**
 * The decimal of as many digits that is next further from zero. At a power of two floats lie half as dense above
 * as below, so that the nearest decimal may miss the float while the next one above still finds it: 2^-96, 2^87, 2^90.
 */
function nextDecimal(text: string): string {
  const [digits = '', exponent = '0'] = text.split('e');
  const fractionLength = digits.length - digits.indexOf('.') - 1;
  const whole = Number(digits.replace('.', ''));
  return `${whole < 0 ? whole - 1 : whole + 1}e${Number(exponent) - fractionLength}`;
}

function putZero(out: Uint8Array, at: number, value: number): number {
  if (Object.is(value, 0)) {
    out[at] = ZERO;
    return at + 1;
  }
  out[at] = MINUS;
  out[at + 1] = ZERO;
  return at + 2;
}

/** `decimal` divided by 10^4, without zeros at the end: what most doubles are printed by. */
function putTenThousandths(out: Uint8Array, start: number, negative: boolean, decimal: number): number {
  if (decimal > 0x7fff_ffff) return putDecimal(out, start, negative, decimal, 1e4, 4);
  let at = start;
  if (negative) out[at++] = MINUS;
  const scaled = decimal | 0;
  const whole = (scaled / 10_000) | 0;
  at = putUint32(out, at, whole);
  const fraction = scaled - whole * 10_000;
  if (fraction === 0) return at;
  const hundredths = (fraction / 100) | 0;
  const rest = fraction - hundredths * 100;
  out[at] = DOT;
  putPair(out, at + 1, hundredths);
  if (rest === 0) return out[at + 2] === ZERO ? at + 2 : at + 3;
  putPair(out, at + 3, rest);
  return out[at + 4] === ZERO ? at + 4 : at + 5;
}

/** `decimal` divided by `scale` = 10^`places`, without zeros at the end. */
function putDecimal(
  out: Uint8Array,
  start: number,
  negative: boolean,
  decimal: number,
  scale: number,
  places: number,
): number {
  let at = start;
  if (negative) out[at++] = MINUS;
  const whole = Math.floor(decimal / scale);
  at = putUint53(out, at, whole);
  const fraction = decimal - whole * scale;
  if (fraction === 0) return at;
  out[at] = DOT;
  let end = at + 1 + places;
  putPadded(out, at + 1, end, fraction);
  while (out[end - 1] === ZERO) end -= 1;
  return end;
}

function putText(out: Uint8Array, at: number, text: string): number {
  for (let index = 0; index < text.length; index += 1) out[at + index] = text.charCodeAt(index);
  return at + text.length;
}
