import { type FieldDescriptorProto, FieldDescriptorProto_Type as FieldType } from '@bufbuild/protobuf/wkt';

const INTEGER_RANGES: ReadonlyMap<FieldType, readonly [least: bigint, most: bigint]> = new Map(
  [
    [[FieldType.INT32, FieldType.SINT32, FieldType.SFIXED32], -(2n ** 31n), 2n ** 31n - 1n],
    [[FieldType.UINT32, FieldType.FIXED32], 0n, 2n ** 32n - 1n],
    [[FieldType.INT64, FieldType.SINT64, FieldType.SFIXED64], -(2n ** 63n), 2n ** 63n - 1n],
    [[FieldType.UINT64, FieldType.FIXED64], 0n, 2n ** 64n - 1n],
  ].flatMap(([types, least, most]) =>
    (types as FieldType[]).map((type) => [type, [least as bigint, most as bigint]] as const),
  ),
);
/** -18446744073709551616 has 21 characters. */
const MAX_INTEGER_CHARS = 21;
const SPELLINGS: ReadonlyMap<string, string> = new Map([
  ['Infinity', 'inf'],
  ['-Infinity', '-inf'],
  ['NaN', 'nan'],
]);

/**
 * The default of a field as descriptors spell it, or `undefined` where it is none for the type of the field: JSON has no use for
 * it, and one that cannot be read must not take the message away.
 */
export function usableDefault({ type, defaultValue }: FieldDescriptorProto): string | undefined {
  const range = INTEGER_RANGES.get(type);
  if (range !== undefined) {
    if (defaultValue.length > MAX_INTEGER_CHARS || !/^-?[0-9]+$/.test(defaultValue)) return undefined;
    const value = BigInt(defaultValue);
    return value >= range[0] && value <= range[1] ? defaultValue : undefined;
  }
  switch (type) {
    case FieldType.DOUBLE:
    case FieldType.FLOAT: {
      const text = SPELLINGS.get(defaultValue) ?? defaultValue;
      if (text === 'inf' || text === '-inf' || text === 'nan') return text;
      return text.length <= 400 && text.trim() !== '' && Number.isFinite(Number(text)) ? text : undefined;
    }
    case FieldType.BOOL:
      return defaultValue === 'true' || defaultValue === 'false' ? defaultValue : undefined;
    case FieldType.MESSAGE:
    case FieldType.GROUP:
      return undefined;
    case FieldType.BYTES:
      return ESCAPED.test(defaultValue) ? defaultValue : undefined;
    default:
      return defaultValue;
  }
}

/** Printable bytes, and the escapes of C that stand for one each. */
const ESCAPED = /^(?:[^\\]|\\[0-7abfnrtv\\'"?])*$/;
