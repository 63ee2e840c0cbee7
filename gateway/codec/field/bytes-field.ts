import type { DescField } from '@bufbuild/protobuf';
import { varint, WireReader, WireType } from '../primitive/index.js';

const IMPLICIT_PRESENCE = 2;
const NOTHING = new Uint8Array(0);

/**
 * The value of the singular `bytes` (or `string`) field at the end of a path of single messages: a view of `wire`, not a copy. The last one
 * counts when there are several, also in a message that was sent in parts. Undefined when the field does not occur, whatever its presence.
 * Throws `RpcError` INTERNAL when the bytes are not a message.
 */
export function bytesField(wire: Uint8Array, path: readonly DescField[], level = 0): Uint8Array | undefined {
  const field = path[level];
  if (field === undefined) return wire;
  const wireType = isGroup(field) ? WireType.START_GROUP : WireType.LEN;
  const reader = new WireReader(wire);
  const rivals = field.oneof?.fields;
  let value: Uint8Array | undefined;
  while (reader.next()) {
    const isField = reader.fieldNumber === field.number && reader.wireType === wireType;
    // Setting one member of a oneof clears the others.
    if (!isField && value !== undefined && rivals?.some((rival) => rival.number === reader.fieldNumber))
      value = undefined;
    if (isField && wireType === WireType.LEN) {
      value = bytesField(reader.lengthDelimited(), path, level + 1) ?? value;
      continue;
    }
    const start = reader.position;
    reader.skip();
    if (isField) value = bytesField(wire.subarray(start, reader.valueEnd), path, level + 1) ?? value;
  }
  return value;
}

/**
 * A message that holds `data` in the `bytes` field at the end of a path. `before` is what stands in front of it, encoded: in the message itself,
 * in the one that the first step leads to, and so on. `data` is copied once. It may be empty; a field at the top is then left out when it
 * has implicit presence, which means the same.
 */
export function encodeBytesField(
  path: readonly DescField[],
  data: Uint8Array,
  before: readonly Uint8Array[],
): Uint8Array {
  const [top] = path;
  if (data.length === 0 && path.length === 1 && top?.presence === IMPLICIT_PRESENCE)
    return before[0] ?? NOTHING;
  return Buffer.concat([bytesFieldHead(path, data.length, before), data]);
}

/** The same without the data: what stands before `length` bytes of it. The steps of the path are no groups. */
export function bytesFieldHead(
  path: readonly DescField[],
  length: number,
  before: readonly Uint8Array[],
): Uint8Array {
  let head: Uint8Array = NOTHING;
  // From the inside out: the length of each message is that of all within it.
  for (const [level, field] of [...path.entries()].reverse()) {
    const tag = varint(((field.number << 3) | WireType.LEN) >>> 0);
    head = Buffer.concat([before[level] ?? NOTHING, tag, varint(head.length + length), head]);
  }
  return head;
}

function isGroup(field: DescField): boolean {
  return field.fieldKind === 'message' && field.delimitedEncoding;
}
