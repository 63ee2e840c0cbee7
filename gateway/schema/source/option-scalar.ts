import { ScalarType } from '@bufbuild/protobuf';
import type { OptionScalar } from './option-message.js';
import type { ProtoOptionValue } from './option-value.js';
import { bytesFromLiteral, textFromLiteral } from './token-reader.js';

const INTEGERS: ReadonlyMap<ScalarType, readonly [least: bigint, most: bigint]> = new Map([
  [ScalarType.INT32, [-(2n ** 31n), 2n ** 31n - 1n]],
  [ScalarType.SINT32, [-(2n ** 31n), 2n ** 31n - 1n]],
  [ScalarType.SFIXED32, [-(2n ** 31n), 2n ** 31n - 1n]],
  [ScalarType.UINT32, [0n, 2n ** 32n - 1n]],
  [ScalarType.FIXED32, [0n, 2n ** 32n - 1n]],
  [ScalarType.INT64, [-(2n ** 63n), 2n ** 63n - 1n]],
  [ScalarType.SINT64, [-(2n ** 63n), 2n ** 63n - 1n]],
  [ScalarType.SFIXED64, [-(2n ** 63n), 2n ** 63n - 1n]],
  [ScalarType.UINT64, [0n, 2n ** 64n - 1n]],
  [ScalarType.FIXED64, [0n, 2n ** 64n - 1n]],
]);
const LONGS = new Set([
  ScalarType.INT64,
  ScalarType.SINT64,
  ScalarType.SFIXED64,
  ScalarType.UINT64,
  ScalarType.FIXED64,
]);

/** An option's value as a scalar of the type: 64-bit integers are bigints. `fail` must throw. */
export function scalarFromOption(
  type: ScalarType,
  value: ProtoOptionValue,
  fail: (problem: string) => never,
): OptionScalar {
  switch (type) {
    case ScalarType.BOOL:
      if (value.kind === 'word' && (value.text === 'true' || value.text === 'false'))
        return value.text === 'true';
      return fail('expected true or false');
    case ScalarType.STRING:
      if (value.kind !== 'string') return fail('expected a string');
      return textFromLiteral(value.literal) ?? fail('the string is not valid UTF-8');
    case ScalarType.BYTES:
      return value.kind === 'string' ? bytesFromLiteral(value.literal) : fail('expected a string');
    case ScalarType.DOUBLE:
      return floatFromOption(value) ?? fail('expected a number');
    case ScalarType.FLOAT: {
      const number = floatFromOption(value) ?? fail('expected a number');
      return Math.fround(number);
    }
    default: {
      const [least, most] = INTEGERS.get(type) ?? [0n, 0n];
      if (value.kind !== 'integer') return fail('expected an integer');
      if (value.value < least || value.value > most)
        return fail(`expected an integer from ${least} to ${most}`);
      return LONGS.has(type) ? value.value : Number(value.value);
    }
  }
}

function floatFromOption(value: ProtoOptionValue): number | undefined {
  switch (value.kind) {
    case 'integer':
      return Number(value.value);
    case 'float':
      return value.value;
    case 'word': {
      if (value.text === 'nan') return Number.NaN;
      if (value.text !== 'inf' && value.text !== 'infinity') return undefined;
      return value.negative ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
    }
    default:
      return undefined;
  }
}
