import { DISORDER, FieldPlan, fieldOfTag, type PrintMessage } from '../plan/index.js';
import { readTag, skip } from './wire-values.js';

const NO_NAME = new Uint8Array(0);

/**
 * Prints one field of a message in place of the message: its value without a name, or `absent` where it is not there. The other records
 * are stepped over.
 */
export function singleFieldPrinter(field: FieldPlan, absent: Uint8Array): PrintMessage {
  // Its zero is printed like every other value.
  const nameless = Object.assign(new FieldPlan(), field, { nameBytes: NO_NAME, implicit: false });
  return (printer, plan) => {
    const start = printer.at;
    let printed = false;
    while (printer.pos < printer.end) {
      const tag = readTag(printer);
      const found = fieldOfTag(plan, tag);
      // A second run of its records belongs to the first, and another member of its oneof takes it back.
      if (printed && (found === field || isRival(found, field))) throw DISORDER;
      if (found === field) {
        field.printField(printer, nameless, tag);
        printed = true;
      } else skip(printer, tag);
    }
    // A list or map whose records hold nothing prints nothing.
    if (printer.at === start) printer.copy(absent);
  };
}

function isRival(found: FieldPlan | undefined, field: FieldPlan): boolean {
  return found !== undefined && found.oneof >= 0 && found.oneof === field.oneof;
}
