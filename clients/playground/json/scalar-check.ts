import { type DescEnum, ScalarType } from '@bufbuild/protobuf';
import { integerRange, isDecimal, wholeFromText } from './integer-range.js';
import type { JsonPath } from './json-value.js';

/** The longest piece of a value that a problem shows, as the gateway's do. */
const MAX_SHOWN = 40;
/** What `JSON.parse` makes of it is infinite. */
const TOO_LARGE = 'a number is too large for a double';
const LARGEST_FLOAT = 3.402_823_466_385_288_6e38;
/** What a double rounds a float to that is too large. Source: IEEE 754, round to nearest. */
const FLOAT_BOUND = LARGEST_FLOAT * (1 + 2 ** -25);

/** A value as a problem shows it: the token with which its JSON begins. */
export function shownValue(value: unknown): string {
  if (Array.isArray(value)) return '[';
  if (typeof value === 'object' && value !== null) return '{';
  return (JSON.stringify(value) ?? String(value)).slice(0, MAX_SHOWN);
}

/** What is wrong with a JSON value of a scalar type, in the words of the gateway; undefined for one that it takes. */
export function problemOfScalar(scalar: ScalarType, value: unknown): string | undefined {
  const range = integerRange(scalar);
  if (range !== undefined) {
    const whole = wholeOf(value);
    if (whole !== undefined && whole >= range.least && whole <= range.greatest) return undefined;
    return expected(range.wanted, value);
  }
  switch (scalar) {
    case ScalarType.BOOL:
      return typeof value === 'boolean' ? undefined : expected('true or false', value);
    case ScalarType.STRING:
      return typeof value === 'string' ? undefined : expected('a string', value);
    case ScalarType.BYTES:
      if (typeof value !== 'string') return expected('base64 in a string', value);
      return isBase64(value) ? undefined : 'expected base64';
    default:
      return problemOfFloating(scalar, value);
  }
}

function problemOfFloating(scalar: ScalarType, value: unknown): string | undefined {
  if (typeof value === 'number' && !Number.isFinite(value)) return TOO_LARGE;
  const number = floatingOf(value);
  if (number === undefined) return expected('a number', value);
  const isTooLarge =
    scalar === ScalarType.FLOAT && Number.isFinite(number) && Math.abs(number) >= FLOAT_BOUND;
  return isTooLarge ? expected('a number for a float', value) : undefined;
}

function floatingOf(value: unknown): number | undefined {
  if (typeof value === 'number') return value;
  if (typeof value !== 'string') return undefined;
  if (/^(?:NaN|-?Infinity)$/.test(value)) return Number(value);
  return isDecimal(value) ? Number(value) : undefined;
}

function wholeOf(value: unknown): bigint | undefined {
  if (typeof value === 'number') return Number.isInteger(value) ? BigInt(value) : undefined;
  return typeof value === 'string' ? wholeFromText(value) : undefined;
}

function expected(wanted: string, value: unknown): string {
  return `expected ${wanted}, not ${shownValue(value)}`;
}

/** The same for an enum: the name of a value, or a number, which a closed enum must have. */
export function problemOfEnum(type: DescEnum, value: unknown): string | undefined {
  if (value === null && type.typeName === 'google.protobuf.NullValue') return undefined;
  const isName = typeof value === 'string';
  if (!isName && (typeof value !== 'number' || (value | 0) !== value))
    return expected('an integer of 32 bits', value);
  const isKnown = isName
    ? type.values.some(({ name }) => name === value)
    : type.open || type.value[value as number] !== undefined;
  return isKnown ? undefined : expected(`a value of ${type.typeName}`, value);
}

/** Either alphabet of RFC 4648, padding optional, nothing else in it. */
export function isBase64(text: string): boolean {
  const match = /^([A-Za-z0-9+/_-]*)(={0,2})$/.exec(text);
  if (match === null) return false;
  const [, digits = '', padding = ''] = match;
  return digits.length % 4 !== 1 && (padding === '' || text.length % 4 === 0);
}

/** The key of a map, as one text for all its spellings, or what is wrong with it. */
export function keyOf(
  scalar: ScalarType,
  name: string,
): { readonly key: string; readonly problem?: undefined } | { readonly problem: string } {
  if (scalar === ScalarType.STRING) return { key: name };
  if (scalar === ScalarType.BOOL) {
    return name === 'true' || name === 'false'
      ? { key: name }
      : { problem: expected('"true" or "false"', name) };
  }
  const problem = problemOfScalar(scalar, name);
  return problem === undefined ? { key: String(wholeFromText(name)) } : { problem };
}

/** The same for a google.protobuf.Value, Struct or ListValue, with where it is. Anything that is JSON is one, but for numbers that no double holds. */
export function problemInDynamic(
  value: unknown,
  path: JsonPath,
): { path: JsonPath; text: string } | undefined {
  if (typeof value === 'number') return Number.isFinite(value) ? undefined : { path, text: TOO_LARGE };
  if (typeof value !== 'object' || value === null) return undefined;
  const items: (readonly [string | number, unknown])[] = Array.isArray(value)
    ? [...value.entries()]
    : Object.entries(value);
  for (const [key, item] of items) {
    const problem = problemInDynamic(item, [...path, key]);
    if (problem !== undefined) return problem;
  }
  return undefined;
}
