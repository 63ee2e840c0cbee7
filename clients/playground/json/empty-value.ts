import { ScalarType } from '@bufbuild/protobuf';
import { type Shape, wellKnownName } from './field-shape.js';
import { is64Bits } from './integer-range.js';
import type { Json } from './json-value.js';

/** The value with which a new item of a list begins, or a member of a oneof that a person has chosen: the zero of its type. */
export function emptyValue(shape: Shape): Json {
  switch (shape.kind) {
    case 'list':
      return [];
    case 'map':
      return {};
    case 'enum':
      return shape.type.typeName === 'google.protobuf.NullValue' ? null : (shape.type.values[0]?.name ?? 0);
    case 'message':
      return emptyMessage(shape.type);
    case 'scalar':
      return emptyScalar(shape.scalar);
  }
}

function emptyMessage(type: Parameters<typeof wellKnownName>[0]): Json {
  switch (wellKnownName(type)) {
    case 'Timestamp':
      return '1970-01-01T00:00:00Z';
    case 'Duration':
      return '0s';
    case 'FieldMask':
      return '';
    case 'ListValue':
      return [];
    case 'Value':
      return null;
    default:
      return {};
  }
}

function emptyScalar(scalar: ScalarType): Json {
  switch (scalar) {
    case ScalarType.STRING:
    case ScalarType.BYTES:
      return '';
    case ScalarType.BOOL:
      return false;
    default:
      return is64Bits(scalar) ? '0' : 0;
  }
}
