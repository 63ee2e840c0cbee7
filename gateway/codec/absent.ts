import { type DescField, ScalarType } from '@bufbuild/protobuf';

const IMPLICIT_PRESENCE = 2;

/** The ProtoJSON of a field that a message does not have: see `Codec.forField`. */
export function absentJson(field: DescField): Uint8Array {
  return Buffer.from(absentText(field));
}

function absentText(field: DescField): string {
  if (field.fieldKind === 'list') return '[]';
  if (field.fieldKind === 'map') return '{}';
  if (field.presence !== IMPLICIT_PRESENCE) return 'null';
  if (field.fieldKind === 'enum') {
    const [zero] = field.enum.values;
    return field.enum.typeName === 'google.protobuf.NullValue' ? 'null' : JSON.stringify(zero?.jsonName ?? 0);
  }
  switch (field.scalar) {
    case ScalarType.BOOL:
      return 'false';
    case ScalarType.STRING:
    case ScalarType.BYTES:
      return '""';
    case ScalarType.INT64:
    case ScalarType.UINT64:
    case ScalarType.SINT64:
    case ScalarType.FIXED64:
    case ScalarType.SFIXED64:
      return '"0"';
    default:
      return '0';
  }
}
