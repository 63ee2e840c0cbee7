import { DISORDER, type FieldPlan, fieldOfTag, type MessagePlan, type Printer } from '../plan/index.js';
import { wireError } from '../primitive/index.js';
import { arrange } from './arrange.js';
import { readTag, skip } from './wire-values.js';

const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;

/**
 * Prints a message as a JSON object of its fields. Every field begins with a comma; the first comma then becomes the
 * brace, so that no field has to ask whether it is the first.
 */
export function printMessage(printer: Printer, plan: MessagePlan): void {
  printer.room(0);
  const start = printer.at;
  plan.printFields(printer, plan);
  closeObject(printer, start);
}

/** The fields, by looking each tag up in the plan: what generated code does with a `switch`. */
export function printFields(printer: Printer, plan: MessagePlan): void {
  const end = printer.end;
  let rank = -1;
  let oneofs = 0;
  let required = 0;
  while (printer.pos < end) {
    const tag = readTag(printer);
    const field = fieldOfTag(plan, tag);
    if (field === undefined) {
      skip(printer, tag);
      continue;
    }
    if (field.rank <= rank || (oneofs & field.oneofBit) !== 0) throw DISORDER;
    rank = field.rank;
    oneofs |= field.oneofBit;
    required += field.required;
    field.printField(printer, field, tag);
  }
  if (required !== plan.required) throw missingRequired(plan);
}

/** Ends the object whose first field was printed at `start`. */
export function closeObject(printer: Printer, start: number): void {
  printer.room(2);
  if (printer.at === start) printer.at += 1;
  printer.out[start] = OPEN_BRACE;
  printer.byte(CLOSE_BRACE);
}

export function missingRequired(plan: MessagePlan): Error {
  return wireError(`a required field of ${plan.typeName} is missing`);
}

/** Prints a message field's value: the next `low` bytes. */
export function printNested(printer: Printer, field: FieldPlan): void {
  const plan = field.message as MessagePlan;
  const outer = printer.enter();
  if (printer.checked) printArranged(printer, plan, plan.print);
  else plan.print(printer, plan);
  printer.leave(outer);
}

/** The same for a group, which ends with a tag. */
export function printGroup(printer: Printer, field: FieldPlan): void {
  printNested(printer, field);
  readTag(printer);
}

/** Puts the records of the message in order, if they are not, and prints them. */
export function printArranged(
  printer: Printer,
  plan: MessagePlan,
  print: (printer: Printer, plan: MessagePlan) => void,
): void {
  const { bytes, pos, end } = printer;
  const arranged = arrange(plan, bytes.subarray(pos, end));
  if (arranged === undefined) {
    print(printer, plan);
    return;
  }
  printer.bytes = arranged;
  printer.pos = 0;
  printer.end = arranged.length;
  print(printer, plan);
  printer.bytes = bytes;
  printer.pos = end;
  printer.end = end;
}
