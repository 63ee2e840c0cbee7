import type { DescField } from '@bufbuild/protobuf';
import { WireReader, WireType } from './wire-reader.js';

/**
 * The value of one singular `bytes` (or `string`) field at the top of a message: a view of `wire`, not a copy. The last one
 * counts when there are several. Undefined when the field does not occur, whatever its presence.
 * Throws `RpcError` INTERNAL when the bytes are not a message.
 */
export function bytesField(wire: Uint8Array, field: DescField): Uint8Array | undefined {
  const reader = new WireReader(wire);
  const rivals = field.oneof?.fields;
  let value: Uint8Array | undefined;
  while (reader.next()) {
    if (reader.fieldNumber === field.number && reader.wireType === WireType.LEN) {
      value = reader.lengthDelimited();
    } else {
      // Setting one member of a oneof clears the others.
      if (value !== undefined && rivals?.some((rival) => rival.number === reader.fieldNumber))
        value = undefined;
      reader.skip();
    }
  }
  return value;
}

/**
 * A message that holds `data` in a `bytes` field, after the fields in `rest`, which are already encoded. `data` is
 * copied once. It may be empty; the field is then left out when it has implicit presence, which means the same.
 */
export function encodeBytesField(field: DescField, data: Uint8Array, rest: Uint8Array = NOTHING): Uint8Array {
  if (data.length === 0 && field.presence === IMPLICIT_PRESENCE) return rest;
  const head = bytesFieldHead(field, data.length, rest);
  const message = Buffer.allocUnsafe(head.length + data.length);
  message.set(head, 0);
  message.set(data, head.length);
  return message;
}

/** The same without the data: what stands before `length` bytes of it. */
export function bytesFieldHead(field: DescField, length: number, rest: Uint8Array = NOTHING): Uint8Array {
  const head: number[] = [];
  appendVarint(head, ((field.number << 3) | WireType.LEN) >>> 0);
  appendVarint(head, length);
  const message = Buffer.allocUnsafe(rest.length + head.length);
  message.set(rest, 0);
  message.set(head, rest.length);
  return message;
}

const IMPLICIT_PRESENCE = 2;
const NOTHING = new Uint8Array(0);

/** Appends an unsigned number of at most 32 bits. */
function appendVarint(bytes: number[], value: number): void {
  let left = value;
  while (left > 0x7f) {
    bytes.push((left & 0x7f) | 0x80);
    left >>>= 7;
  }
  bytes.push(left);
}
