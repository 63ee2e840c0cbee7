import type { EnumPlan, FieldPlan, Printer } from '../plan/index.js';
import { putInt32, putInt64, putUint32, putUint64 } from './digits.js';
import { doubleOf, floatOf, putDouble, putFloat } from './floats.js';

const QUOTE = 0x22;
const TRUE = Buffer.from('true');
const FALSE = Buffer.from('false');
const NULL = Buffer.from('null');
const NOT_A_NUMBER = Buffer.from('"NaN"');
const INFINITY = Buffer.from('"Infinity"');
const MINUS_INFINITY = Buffer.from('"-Infinity"');

/** Each prints the number in the registers `low` and `high`. There is room for it. */
export function printInt32(printer: Printer): void {
  printer.at = putInt32(printer.out, printer.at, printer.low);
}

export function printUint32(printer: Printer): void {
  printer.at = putUint32(printer.out, printer.at, printer.low >>> 0);
}

export function printSint32(printer: Printer): void {
  printer.at = putInt32(printer.out, printer.at, (printer.low >>> 1) ^ -(printer.low & 1));
}

/** Numbers of 64 bits are strings, because JavaScript would round them. */
export function printInt64(printer: Printer): void {
  const out = printer.out;
  out[printer.at] = QUOTE;
  const end = putInt64(out, printer.at + 1, printer.low, printer.high);
  out[end] = QUOTE;
  printer.at = end + 1;
}

export function printUint64(printer: Printer): void {
  const out = printer.out;
  out[printer.at] = QUOTE;
  const end = putUint64(out, printer.at + 1, printer.low, printer.high);
  out[end] = QUOTE;
  printer.at = end + 1;
}

export function printSint64(printer: Printer): void {
  const { low, high } = printer;
  const sign = -(low & 1);
  printer.low = ((low >>> 1) | (high << 31)) ^ sign;
  printer.high = (high >>> 1) ^ sign;
  printInt64(printer);
}

export function printBool(printer: Printer): void {
  printer.copy((printer.low | printer.high) === 0 ? FALSE : TRUE);
}

export function printDoubleValue(printer: Printer): void {
  const value = doubleOf(printer.low, printer.high);
  if (Number.isFinite(value)) printer.at = putDouble(printer.out, printer.at, value);
  else printNonFinite(printer, value);
}

export function printFloatValue(printer: Printer): void {
  const value = floatOf(printer.low);
  if (Number.isFinite(value)) printer.at = putFloat(printer.out, printer.at, value);
  else printNonFinite(printer, value);
}

function printNonFinite(printer: Printer, value: number): void {
  printer.copy(Number.isNaN(value) ? NOT_A_NUMBER : value > 0 ? INFINITY : MINUS_INFINITY);
}

/** The name of an enum's number, or the number when it has none. */
export function printEnum(printer: Printer, field: FieldPlan): void {
  const plan = field.enumeration as EnumPlan;
  const number = printer.low;
  const name = number >= 0 && number < 128 ? plan.smallNames[number] : plan.names.get(number);
  if (name === undefined) printInt32(printer);
  else printer.copy(name);
}

/** google.protobuf.NullValue, whatever its number. */
export function printNull(printer: Printer): void {
  printer.copy(NULL);
}
