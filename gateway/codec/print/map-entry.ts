import { ScalarType } from '@bufbuild/protobuf';
import type { FieldPlan, MessagePlan } from '../plan/index.js';
import { WireReader, WireType } from '../primitive/index.js';

/** The key of an entry that is in order, so that equal keys have equal texts. */
export function keyText(entry: MessagePlan, value: Uint8Array): string {
  const key = entry.fields[0] as FieldPlan;
  const reader = new WireReader(value);
  while (reader.next()) {
    if (((reader.fieldNumber << 3) | reader.wireType) >>> 0 !== key.tag) {
      reader.skip();
      continue;
    }
    if (reader.wireType === WireType.LEN) return Buffer.from(reader.lengthDelimited()).toString('latin1');
    if (reader.wireType !== WireType.VARINT) {
      const start = reader.position;
      reader.skip();
      return Buffer.from(value.subarray(start, reader.position)).toString('latin1');
    }
    reader.varint();
    return varintKey(key, reader.low, reader.high);
  }
  return key.scalar === ScalarType.STRING ? '' : defaultKey(key);
}

function varintKey(key: FieldPlan, low: number, high: number): string {
  switch (key.scalar) {
    case ScalarType.BOOL:
      return low === 0 && high === 0 ? '0,0' : '1,0';
    case ScalarType.INT64:
    case ScalarType.UINT64:
    case ScalarType.SINT64:
      return `${low},${high}`;
    default:
      return `${low},0`;
  }
}

function defaultKey(key: FieldPlan): string {
  if ((key.tag & 7) === WireType.VARINT) return '0,0';
  return '\0'.repeat((key.tag & 7) === WireType.FIXED32 ? 4 : 8);
}

/** The last value of an entry is a number that its closed enum does not declare. */
export function losesItsValue(entry: MessagePlan, bytes: Uint8Array): boolean {
  const value = entry.fields[1] as FieldPlan;
  if (value.enumeration?.closed !== true) return false;
  const reader = new WireReader(bytes);
  let lost = false;
  while (reader.next()) {
    reader.skip();
    if (reader.fieldNumber === 2 && reader.wireType === WireType.VARINT) {
      lost = !value.enumeration.names.has(reader.low | 0);
    }
  }
  return lost;
}
