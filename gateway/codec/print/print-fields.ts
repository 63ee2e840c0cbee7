import { ScalarType } from '@bufbuild/protobuf';
import { DISORDER, type FieldPlan, fieldOfTag, type MessagePlan, type Printer } from '../plan/index.js';
import { readLength, readTag, skip } from './wire-values.js';

const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const COMMA = 0x2c;
const COLON = 0x3a;

/** A field that occurs once. With implicit presence its zero is not printed. */
export function printSingular(printer: Printer, field: FieldPlan): void {
  field.readValue(printer, field);
  if (field.implicit && (printer.low | printer.high) === 0) return;
  printer.copy(field.nameBytes);
  field.printValue(printer, field);
}

/** A repeated field: all records that follow each other, packed or not. An empty one is not printed. */
export function printList(printer: Printer, field: FieldPlan, tag: number): void {
  const start = printer.at;
  printer.copy(field.nameBytes);
  if (!printItems(printer, field, tag)) printer.at = start;
}

/** The array; false when nothing is in it. */
export function printItems(printer: Printer, field: FieldPlan, tag: number): boolean {
  const end = printer.end;
  printer.room(2);
  printer.byte(OPEN_BRACKET);
  const first = printer.at;
  let current = tag;
  do {
    if (current === field.tag) printItem(printer, field);
    else {
      readLength(printer);
      const packedEnd = printer.pos + printer.low;
      printer.end = packedEnd;
      while (printer.pos < packedEnd) printItem(printer, field);
      printer.end = end;
    }
    current = nextOfSame(printer, field);
  } while (current !== 0);
  const some = printer.at !== first;
  // The comma after the last item becomes the bracket.
  if (some) printer.at -= 1;
  printer.byte(CLOSE_BRACKET);
  return some;
}

function printItem(printer: Printer, field: FieldPlan): void {
  field.readValue(printer, field);
  // A number that a closed enum does not declare is an unknown field.
  if (field.leavesOutUnknown && field.enumeration?.names.has(printer.low) !== true) return;
  printer.room(0);
  field.printValue(printer, field);
  printer.byte(COMMA);
}

/** A map: all entries that follow each other. */
export function printMap(printer: Printer, field: FieldPlan): void {
  const start = printer.at;
  printer.copy(field.nameBytes);
  if (!printEntries(printer, field)) printer.at = start;
}

/** The object; false when nothing is in it. A key that comes twice is for the ordered path. */
export function printEntries(printer: Printer, field: FieldPlan): boolean {
  const end = printer.end;
  const entry = field.entry as MessagePlan;
  printer.room(2);
  printer.byte(OPEN_BRACE);
  const first = printer.at;
  printer.keys.open();
  do {
    readLength(printer);
    printer.end = printer.pos + printer.low;
    printEntry(printer, entry);
    printer.end = end;
  } while (nextOfSame(printer, field) !== 0);
  printer.keys.close();
  const some = printer.at !== first;
  if (some) printer.at -= 1;
  printer.byte(CLOSE_BRACE);
  return some;
}

function printEntry(printer: Printer, entry: MessagePlan): void {
  const key = entry.fields[0] as FieldPlan;
  const value = entry.fields[1] as FieldPlan;
  let next = nextKnown(printer, entry);
  if (next === key) key.readValue(printer, key);
  else zero(printer, key);
  const isNew =
    key.scalar === ScalarType.STRING
      ? printer.keys.addBytes(printer.bytes, printer.pos, printer.low)
      : printer.keys.addNumber(printer.low, printer.high);
  if (!isNew) throw DISORDER;
  // For key, colon, value and comma: the longest scalars take 51 bytes, and all else asks for itself.
  printer.room(0);
  key.printValue(printer, key);
  if (next === key) next = nextKnown(printer, entry);
  printer.byte(COLON);
  if (next === value) {
    value.readValue(printer, value);
    value.printValue(printer, value);
    next = nextKnown(printer, entry);
  } else {
    zero(printer, value);
    value.printValue(printer, value);
  }
  if (next !== undefined) throw DISORDER;
  printer.byte(COMMA);
}

/** Stands for a key or value that an entry does not have. */
function zero(printer: Printer, field: FieldPlan): void {
  printer.low = field.zero;
  printer.high = 0;
}

/** Reads tags until one is known; undefined at the end. */
function nextKnown(printer: Printer, plan: MessagePlan): FieldPlan | undefined {
  while (printer.pos < printer.end) {
    const tag = readTag(printer);
    const field = fieldOfTag(plan, tag);
    if (field !== undefined) return field;
    skip(printer, tag);
  }
  return undefined;
}

/** Reads the next tag if it is of the same field; otherwise 0, and nothing is read. */
function nextOfSame(printer: Printer, field: FieldPlan): number {
  if (printer.pos >= printer.end) return 0;
  const before = printer.pos;
  const tag = readTag(printer);
  if (tag === field.tag || tag === field.packedTag) return tag;
  printer.pos = before;
  return 0;
}
