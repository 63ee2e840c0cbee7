import { ScalarType } from '@bufbuild/protobuf';

export interface IntegerRange {
  readonly least: bigint;
  readonly greatest: bigint;
  /** What the gateway says that it wants. */
  readonly wanted: string;
}

const INT32 = { least: -(2n ** 31n), greatest: 2n ** 31n - 1n, wanted: 'an integer of 32 bits' };
const UINT32 = { least: 0n, greatest: 2n ** 32n - 1n, wanted: 'an integer from 0 to 4294967295' };
const INT64 = { least: -(2n ** 63n), greatest: 2n ** 63n - 1n, wanted: 'an integer of 64 bits' };
const UINT64 = { least: 0n, greatest: 2n ** 64n - 1n, wanted: 'an integer from 0 to 18446744073709551615' };

/** The values of an integer type; undefined for another type. */
export function integerRange(scalar: ScalarType): IntegerRange | undefined {
  switch (scalar) {
    case ScalarType.INT32:
    case ScalarType.SINT32:
    case ScalarType.SFIXED32:
      return INT32;
    case ScalarType.UINT32:
    case ScalarType.FIXED32:
      return UINT32;
    case ScalarType.INT64:
    case ScalarType.SINT64:
    case ScalarType.SFIXED64:
      return INT64;
    case ScalarType.UINT64:
    case ScalarType.FIXED64:
      return UINT64;
    default:
      return undefined;
  }
}

/** Whether ProtoJSON writes it as a string, because it does not fit into a double. */
export function is64Bits(scalar: ScalarType): boolean {
  const range = integerRange(scalar);
  return range === INT64 || range === UINT64;
}

const DECIMAL = /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/;
/** 2^64 has 20 digits. */
const MAX_DIGITS = 20;

/** The exact value of a decimal text, as the gateway reads it; undefined when it is none, is not whole, or is far out of range. */
export function wholeFromText(text: string): bigint | undefined {
  const match = DECIMAL.exec(text);
  if (match === null) return undefined;
  const [, sign = '', whole = '', fraction = '', exponent = '0'] = match;
  const digits = `${whole}${fraction}`.replace(/^0+/, '');
  if (digits === '') return 0n;
  const significant = withoutZerosAtEnd(digits);
  const zeros = Number(exponent) - fraction.length + (digits.length - significant.length);
  if (zeros < 0 || significant.length + zeros > MAX_DIGITS) return undefined;
  return BigInt(`${sign}${significant}${'0'.repeat(zeros)}`);
}

/** A finite decimal number in a text. */
export function isDecimal(text: string): boolean {
  return DECIMAL.test(text) && Number.isFinite(Number(text));
}

function withoutZerosAtEnd(digits: string): string {
  let end = digits.length;
  while (digits[end - 1] === '0') end -= 1;
  return digits.slice(0, end);
}
