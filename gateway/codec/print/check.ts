import { isUtf8 } from 'node:buffer';
import { ScalarType } from '@bufbuild/protobuf';
import { type FieldPlan, fieldOfTag, type MessagePlan } from '../plan.js';
import { INVALID_TEXT, MAX_DEPTH, WireReader, WireType, wireError } from '../wire-reader.js';

/** Throws when the value of a record (without tag and length) is not valid for its field. */
export function checkRecord(field: FieldPlan, value: Uint8Array, depth = 1): void {
  if (field.scalar === ScalarType.STRING && !isUtf8(value)) throw INVALID_TEXT;
  const plan = field.entry ?? field.message;
  if (plan !== undefined) checkMessage(plan, value, depth);
}

function checkMessage(plan: MessagePlan, bytes: Uint8Array, depth: number): void {
  if (depth > MAX_DEPTH) throw wireError('it is nested too deeply');
  const reader = new WireReader(bytes);
  while (reader.next()) {
    const field = fieldOfTag(plan, ((reader.fieldNumber << 3) | reader.wireType) >>> 0);
    if (field !== undefined && reader.wireType === WireType.LEN) {
      const value = reader.lengthDelimited();
      if ((field.tag & 7) === WireType.LEN) {
        checkRecord(field, value, depth + 1);
      } else checkPacked(field, value);
      continue;
    }
    const start = reader.position;
    reader.skip(depth);
    if (field?.message !== undefined) checkRecord(field, bytes.subarray(start, reader.valueEnd), depth + 1);
  }
}

function checkPacked(field: FieldPlan, value: Uint8Array): void {
  const reader = new WireReader(value);
  reader.wireType = field.tag & 7;
  while (reader.position < value.length) reader.skip();
}
