import { isUtf8 } from 'node:buffer';
import { ScalarType } from '@bufbuild/protobuf';
import { type FieldPlan, fieldOfTag, type MessagePlan } from '../plan/index.js';
import { INVALID_TEXT, MAX_DEPTH, WireReader, WireType, wireError } from '../primitive/index.js';

/**
 * Throws when the bytes are not a message of this type. Nothing is made of them, so four megabytes of empty messages cost no
 * memory. A text of proto2 may be any bytes: its services take them.
 */
export function checkWire(plan: MessagePlan, wire: Uint8Array): void {
  checkMessage(plan, wire, 0, false);
}

/** Throws when the value of a record (without tag and length) is not valid for its field, or cannot be printed. */
export function checkRecord(field: FieldPlan, value: Uint8Array): void {
  checkValue(field, value, 1, true);
}

function checkValue(field: FieldPlan, value: Uint8Array, depth: number, everyText: boolean): void {
  if (field.scalar === ScalarType.STRING) {
    if ((everyText || field.utf8) && !isUtf8(value)) throw INVALID_TEXT;
    return;
  }
  const plan = field.entry ?? field.message;
  if (plan !== undefined) checkMessage(plan, value, depth, everyText);
}

function checkMessage(plan: MessagePlan, bytes: Uint8Array, depth: number, everyText: boolean): void {
  if (depth > MAX_DEPTH) throw wireError('it is nested too deeply');
  const reader = new WireReader(bytes);
  while (reader.next()) {
    const field = fieldOfTag(plan, ((reader.fieldNumber << 3) | reader.wireType) >>> 0);
    const start = reader.wireType === WireType.LEN ? reader.skipLength() : reader.position;
    if (reader.wireType !== WireType.LEN) reader.skip(depth);
    if (field === undefined) continue;
    if (reader.wireType === WireType.LEN && (field.tag & 7) !== WireType.LEN) {
      checkPacked(field, bytes.subarray(start, reader.valueEnd));
    } else if (isNested(field)) {
      checkValue(field, bytes.subarray(start, reader.valueEnd), depth + 1, everyText);
    }
  }
}

/** Its value can be invalid although the record is whole. */
function isNested(field: FieldPlan): boolean {
  return field.scalar === ScalarType.STRING || field.message !== undefined || field.entry !== undefined;
}

function checkPacked(field: FieldPlan, value: Uint8Array): void {
  const reader = new WireReader(value);
  reader.wireType = field.tag & 7;
  while (reader.position < value.length) reader.skip();
}
