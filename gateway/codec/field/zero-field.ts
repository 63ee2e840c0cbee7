import { type DescField, type DescMessage, ScalarType } from '@bufbuild/protobuf';
import { varint, WireType } from '../primitive/index.js';

const IMPLICIT_PRESENCE = 2;

/**
 * The fields at the end of the given paths, each with its zero value spelt out. What an encoder leaves out because it is zero does not
 * win over what stands before it; with these in between it does, since the last one counts. Fields with presence need none: theirs are
 * always written.
 */
export function zeroFields(paths: Iterable<readonly DescField[]>): Uint8Array {
  const parts: Uint8Array[] = [];
  for (const path of paths) {
    const leaf = path.at(-1);
    if (leaf === undefined || leaf.fieldKind === 'list' || leaf.fieldKind === 'map') continue;
    let bytes = leaf.fieldKind === 'message' ? within(leaf, zerosOf(leaf.message)) : zero(leaf);
    if (bytes.length === 0) continue;
    for (const parent of path.slice(0, -1).reverse()) bytes = within(parent, bytes);
    parts.push(bytes);
  }
  return Buffer.concat(parts);
}

/** Every single field of a small message, such as a wrapper or a Timestamp. */
function zerosOf(message: DescMessage): Uint8Array {
  return Buffer.concat(message.fields.filter(({ fieldKind }) => fieldKind === 'scalar').map(zero));
}

function zero(field: DescField): Uint8Array {
  if (field.presence !== IMPLICIT_PRESENCE) return new Uint8Array(0);
  switch (field.scalar) {
    case ScalarType.DOUBLE:
    case ScalarType.FIXED64:
    case ScalarType.SFIXED64:
      return Buffer.concat([key(field, WireType.FIXED64), Buffer.alloc(8)]);
    case ScalarType.FLOAT:
    case ScalarType.FIXED32:
    case ScalarType.SFIXED32:
      return Buffer.concat([key(field, WireType.FIXED32), Buffer.alloc(4)]);
    case ScalarType.STRING:
    case ScalarType.BYTES:
      return Buffer.concat([key(field, WireType.LEN), Buffer.alloc(1)]);
    default:
      return Buffer.concat([key(field, WireType.VARINT), Buffer.alloc(1)]);
  }
}

function within(field: DescField, bytes: Uint8Array): Uint8Array {
  return field.fieldKind === 'message' && field.delimitedEncoding
    ? Buffer.concat([key(field, WireType.START_GROUP), bytes, key(field, WireType.END_GROUP)])
    : Buffer.concat([key(field, WireType.LEN), varint(bytes.length), bytes]);
}

function key(field: DescField, wireType: number): Uint8Array {
  return varint(((field.number << 3) | wireType) >>> 0);
}
