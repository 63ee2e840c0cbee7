import { type DescField, ScalarType } from '@bufbuild/protobuf';
import { WireReader, WireType, wireError } from '../primitive/index.js';

const IMPLICIT_PRESENCE = 2;
const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** The wire type of a scalar; an enum travels as INT32. */
export function wireTypeOf(scalar: ScalarType): number {
  switch (scalar) {
    case ScalarType.DOUBLE:
    case ScalarType.FIXED64:
    case ScalarType.SFIXED64:
      return WireType.FIXED64;
    case ScalarType.FLOAT:
    case ScalarType.FIXED32:
    case ScalarType.SFIXED32:
      return WireType.FIXED32;
    case ScalarType.STRING:
    case ScalarType.BYTES:
      return WireType.LEN;
    default:
      return WireType.VARINT;
  }
}

/**
 * One scalar or enum at the top of a message as text, for example a cursor, without decoding the rest. The text is
 * that of ProtoJSON without quotes: decimal integers, `true`, an enum's name (its number when it has none), base64.
 * When the field occurs more than once the last one counts. When it does not occur: its default ("0", "", "false",
 * the enum's zero) if it has implicit presence, because then absent and default are the same; otherwise undefined.
 * Throws `RpcError` INTERNAL when the bytes are not a message, TypeError when the field is repeated or a message.
 */
export function scalarField(wire: Uint8Array, field: DescField): string | undefined {
  return topScalarText(wire, field, lengthDelimitedText);
}

/** What the bytes of a string or of bytes are as text. Throws `RpcError` INTERNAL when they are none. */
type LengthDelimitedText = (value: Uint8Array, scalar: ScalarType, field: DescField) => string;

/** As `scalarField`, with another text for strings and bytes. */
export function topScalarText(
  wire: Uint8Array,
  field: DescField,
  ofLengthDelimited: LengthDelimitedText,
): string | undefined {
  if (field.fieldKind !== 'scalar' && field.fieldKind !== 'enum') {
    throw new TypeError(`${field.toString()} is not a singular scalar`);
  }
  const scalar = field.fieldKind === 'enum' ? ScalarType.INT32 : field.scalar;
  const expected = wireTypeOf(scalar);
  const rivals = field.oneof?.fields;
  const reader = new WireReader(wire);
  let text: string | undefined;
  while (reader.next()) {
    if (reader.fieldNumber === field.number && reader.wireType === expected) {
      text = scalarText(reader, scalar, field, ofLengthDelimited);
    } else {
      // Setting one member of a oneof clears the others.
      if (text !== undefined && rivals?.some((rival) => rival.number === reader.fieldNumber))
        text = undefined;
      reader.skip();
    }
  }
  if (text === undefined && field.presence === IMPLICIT_PRESENCE) return defaultText(field);
  return text;
}

function scalarText(
  reader: WireReader,
  scalar: ScalarType,
  field: DescField,
  ofLengthDelimited: LengthDelimitedText,
): string {
  switch (wireTypeOf(scalar)) {
    case WireType.VARINT:
      reader.varint();
      return varintText(reader.low, reader.high, scalar, field);
    case WireType.LEN:
      return ofLengthDelimited(reader.lengthDelimited(), scalar, field);
    default:
      return fixedText(reader, scalar);
  }
}

function varintText(low: number, high: number, scalar: ScalarType, field: DescField): string {
  switch (scalar) {
    case ScalarType.BOOL:
      return low === 0 && high === 0 ? 'false' : 'true';
    case ScalarType.INT32:
      return field.enum?.value[low | 0]?.name ?? String(low | 0);
    case ScalarType.UINT32:
      return String(low);
    case ScalarType.SINT32:
      return String((low >>> 1) ^ -(low & 1));
    case ScalarType.UINT64:
      return String(join(low, high));
    case ScalarType.SINT64: {
      const value = join(low, high);
      return String((value >> 1n) ^ -(value & 1n));
    }
    default:
      return String(BigInt.asIntN(64, join(low, high)));
  }
}

function fixedText(reader: WireReader, scalar: ScalarType): string {
  const { bytes } = reader;
  const at = reader.advance(wireTypeOf(scalar) === WireType.FIXED32 ? 4 : 8);
  const view = new DataView(bytes.buffer, bytes.byteOffset + at);
  switch (scalar) {
    case ScalarType.FIXED32:
      return String(view.getUint32(0, true));
    case ScalarType.SFIXED32:
      return String(view.getInt32(0, true));
    case ScalarType.FIXED64:
      return String(view.getBigUint64(0, true));
    case ScalarType.SFIXED64:
      return String(view.getBigInt64(0, true));
    case ScalarType.FLOAT:
      return String(view.getFloat32(0, true));
    default:
      return String(view.getFloat64(0, true));
  }
}

export function lengthDelimitedText(value: Uint8Array, scalar: ScalarType, field: DescField): string {
  if (scalar === ScalarType.BYTES) return Buffer.from(value).toString('base64');
  try {
    return strictUtf8.decode(value);
  } catch {
    throw noUtf8(field);
  }
}

export const noUtf8 = (field: DescField): Error => wireError(`${field.name} is not valid UTF-8`);

/** What a field that is not there stands for, as `scalarField` would spell it: its own default, where it has one (proto2, editions), else zero. */
export function defaultText(field: DescField): string {
  if (field.fieldKind === 'enum') {
    const value = field.getDefaultValue() ?? field.enum.values[0]?.number ?? 0;
    return field.enum.value[value]?.name ?? String(value);
  }
  if (field.fieldKind !== 'scalar') return '';
  const value = field.getDefaultValue();
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64');
  if (value !== undefined) return String(value);
  switch (field.scalar) {
    case ScalarType.BOOL:
      return 'false';
    case ScalarType.STRING:
    case ScalarType.BYTES:
      return '';
    default:
      return '0';
  }
}

function join(low: number, high: number): bigint {
  return (BigInt(high) << 32n) | BigInt(low);
}
