import type { FieldPlan, MessagePlan, Printer } from '../plan/index.js';
import { WireReader, WireType } from '../primitive/index.js';

/** A group of number 1: an item of the set. In it the number of an extension, a varint of number 2, and its message, of number 3. */
export const ITEM_TAG = 0x0b;
export const ITEM_NUMBER_TAG = 0x10;
export const ITEM_MESSAGE_TAG = 0x1a;
export const ITEM_END_TAG = 0x0c;

/**
 * The fields of a message set. Its items may come in any order, and several of one extension are parts of one message. An extension
 * that stands in the set as an ordinary field is read as well, but never written.
 */
export function printMessageSet(printer: Printer, plan: MessagePlan): void {
  const { bytes, end } = printer;
  const byRank: Uint8Array[][] = [];
  const reader = new WireReader(bytes.subarray(printer.pos, end));
  while (reader.next()) {
    const start = reader.position;
    if (reader.wireType === WireType.LEN) {
      addPart(byRank, fieldOfNumber(plan, reader.fieldNumber), reader.lengthDelimited());
      continue;
    }
    const isItem = ((reader.fieldNumber << 3) | reader.wireType) >>> 0 === ITEM_TAG;
    reader.skip();
    if (isItem) addItem(plan, reader.bytes.subarray(start, reader.valueEnd), byRank);
  }
  for (const field of plan.fields) {
    const parts = byRank[field.rank];
    if (parts === undefined) continue;
    printer.copy(field.nameBytes);
    const [only] = parts;
    const joined = parts.length === 1 && only !== undefined ? asBuffer(only) : Buffer.concat(parts);
    printer.bytes = joined;
    printer.pos = 0;
    printer.low = joined.length;
    printer.end = joined.length;
    field.printValue(printer, field);
  }
  printer.bytes = bytes;
  printer.pos = end;
  printer.end = end;
}

/** Of a number or message that an item has twice the first counts; an item that lacks one is not there. */
function addItem(plan: MessagePlan, item: Uint8Array, byRank: Uint8Array[][]): void {
  const reader = new WireReader(item);
  let field: FieldPlan | undefined;
  let numbered = false;
  let message: Uint8Array | undefined;
  while (reader.next()) {
    const tag = ((reader.fieldNumber << 3) | reader.wireType) >>> 0;
    if (tag === ITEM_NUMBER_TAG) {
      reader.varint();
      if (!numbered) field = fieldOfNumber(plan, reader.low);
      numbered = true;
    } else if (reader.wireType === WireType.LEN) {
      const content = reader.lengthDelimited();
      if (tag === ITEM_MESSAGE_TAG) message ??= content;
    } else reader.skip();
  }
  if (message !== undefined) addPart(byRank, field, message);
}

function addPart(byRank: Uint8Array[][], field: FieldPlan | undefined, part: Uint8Array): void {
  if (field === undefined) return;
  const parts = byRank[field.rank];
  if (parts === undefined) byRank[field.rank] = [part];
  else parts.push(part);
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
}

/** By halving: the fields are in the order of their numbers. */
function fieldOfNumber(plan: MessagePlan, number: number): FieldPlan | undefined {
  let low = 0;
  let high = plan.fields.length - 1;
  while (low <= high) {
    const middle = (low + high) >>> 1;
    const field = plan.fields[middle] as FieldPlan;
    if (field.number === number) return field;
    if (field.number < number) low = middle + 1;
    else high = middle - 1;
  }
  return undefined;
}
