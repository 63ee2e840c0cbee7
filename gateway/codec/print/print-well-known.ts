import { isUtf8 } from 'node:buffer';
import {
  DISORDER,
  type FieldPlan,
  fieldOfTag,
  type MessagePlan,
  type Printer,
  type PrintField,
} from '../plan/index.js';
import { INVALID_TEXT, WireType, wireError } from '../primitive/index.js';
import { doubleOf } from './floats.js';
import { printEntries, printItems } from './print-fields.js';
import { closeObject, printArranged } from './print-messages.js';
import { printDoubleValue } from './print-scalars.js';
import { printText } from './print-text.js';
import { readTag, skip } from './wire-values.js';

const EMPTY_OBJECT = Buffer.from('{}');
const EMPTY_ARRAY = Buffer.from('[]');
const TYPE_KEY = Buffer.from(',"@type":');
const VALUE_KEY = Buffer.from(',"value":');
const TYPE_URL_TAG = 0x0a;
const VALUE_TAG = 0x12;

/** A wrapper (google.protobuf.Int32Value and the like) is its value. */
export function printWrapper(printer: Printer, plan: MessagePlan): void {
  const value = plan.fields[0] as FieldPlan;
  const { end } = printer;
  let start = end;
  let low = 0;
  let high = 0;
  while (printer.pos < end) {
    const tag = readTag(printer);
    if (tag !== value.tag) {
      skip(printer, tag);
      continue;
    }
    value.readValue(printer, value);
    low = printer.low;
    high = printer.high;
    start = printer.pos;
    if ((tag & 7) === WireType.LEN) printer.pos += low;
  }
  printer.pos = start;
  printer.low = low;
  printer.high = high;
  printer.room(0);
  value.printValue(printer, value);
  printer.pos = end;
}

/** google.protobuf.Struct is an object. */
export function printStruct(printer: Printer, plan: MessagePlan): void {
  printOnly(printer, plan, EMPTY_OBJECT, printEntries);
}

/** google.protobuf.ListValue is an array. */
export function printListValue(printer: Printer, plan: MessagePlan): void {
  printOnly(printer, plan, EMPTY_ARRAY, printItems);
}

/** Prints the only field of a message in place of the message, or `empty` when it is not there. */
function printOnly(printer: Printer, plan: MessagePlan, empty: Uint8Array, print: PrintField): void {
  if (!printedOnly(printer, plan, print)) printer.copy(empty);
}

/** The same; false when the field is not there. */
function printedOnly(printer: Printer, plan: MessagePlan, print: PrintField): boolean {
  let printed = false;
  while (printer.pos < printer.end) {
    const tag = readTag(printer);
    const field = fieldOfTag(plan, tag);
    if (field === undefined) {
      skip(printer, tag);
      continue;
    }
    if (printed) throw DISORDER;
    print(printer, field, tag);
    printed = true;
  }
  return printed;
}

/** google.protobuf.Value is what it holds. It must hold something. */
export function printDynamicValue(printer: Printer, plan: MessagePlan): void {
  if (!printedOnly(printer, plan, printMember)) throw wireError('a google.protobuf.Value holds nothing');
}

function printMember(printer: Printer, field: FieldPlan): void {
  field.readValue(printer, field);
  printer.room(0);
  field.printValue(printer, field);
}

/** The number of a google.protobuf.Value: JSON has no other than finite ones. */
export function printFiniteDouble(printer: Printer): void {
  if (!Number.isFinite(doubleOf(printer.low, printer.high))) {
    throw wireError('a google.protobuf.Value is not a finite number');
  }
  printDoubleValue(printer);
}

/** google.protobuf.FieldMask is its paths in lowerCamelCase, with commas. */
export function printFieldMask(printer: Printer, plan: MessagePlan): void {
  const field = plan.fields[0] as FieldPlan;
  const paths: string[] = [];
  while (printer.pos < printer.end) {
    const tag = readTag(printer);
    if (tag !== field.tag) {
      skip(printer, tag);
      continue;
    }
    field.readValue(printer, field);
    paths.push(camelPath(takeText(printer, printer.pos, printer.low)));
    printer.pos += printer.low;
  }
  printer.copy(Buffer.from(JSON.stringify(paths.join(','))));
}

/** Refuses what a reader of the JSON could not turn back. */
function camelPath(path: string): string {
  const camel = path.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
  if (camel.includes('_') || camel.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`) !== path) {
    throw wireError('a path of a FieldMask has no lowerCamelCase');
  }
  return camel;
}

/** google.protobuf.Any is its message with "@type"; that of a well-known type stands under "value". */
export function printAny(printer: Printer, plan: MessagePlan): void {
  const { end } = printer;
  let typeStart = end;
  let typeLength = 0;
  let valueStart = end;
  let valueLength = 0;
  while (printer.pos < end) {
    const tag = readTag(printer);
    if (tag !== TYPE_URL_TAG && tag !== VALUE_TAG) {
      skip(printer, tag);
      continue;
    }
    (plan.fields[0] as FieldPlan).readValue(printer, plan.fields[0] as FieldPlan);
    if (tag === TYPE_URL_TAG) {
      typeStart = printer.pos;
      typeLength = printer.low;
    } else {
      valueStart = printer.pos;
      valueLength = printer.low;
    }
    printer.pos += printer.low;
  }
  if (typeLength === 0) {
    printer.copy(EMPTY_OBJECT);
    return;
  }
  const typeUrl = takeText(printer, typeStart, typeLength);
  const target = plan.resolve(typeUrl.slice(typeUrl.lastIndexOf('/') + 1));
  if (target === undefined) {
    throw wireError(`a google.protobuf.Any holds ${typeUrl.slice(0, 200)}, which the schema does not know`);
  }
  printer.room(0);
  const start = printer.at;
  printer.pos = valueStart;
  printer.low = valueLength;
  printContent(printer, target);
  printer.copy(TYPE_KEY);
  printer.pos = typeStart;
  printer.low = typeLength;
  printText(printer);
  printer.pos = end;
  closeObject(printer, start);
}

function printContent(printer: Printer, target: MessagePlan): void {
  if (target.wellKnown) printer.copy(VALUE_KEY);
  const print = target.wellKnown ? target.print : target.printFields;
  const outer = printer.enter();
  if (printer.checked) printArranged(printer, target, print);
  else print(printer, target);
  printer.leave(outer);
}

function takeText(printer: Printer, start: number, length: number): string {
  const bytes = printer.bytes.subarray(start, start + length);
  if (!isUtf8(bytes)) throw INVALID_TEXT;
  return bytes.toString('utf8');
}
