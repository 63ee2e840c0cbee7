import type { DescMessage } from '@bufbuild/protobuf';
import { ScalarType } from '@bufbuild/protobuf';
import { parseDuration, parseTimestamp } from './parse/times.js';
import { parseAny, parseDynamicValue, parseFieldMask, parseOnly, parseWrapper } from './parse/well-known.js';
import type { MessagePlan, ParseMessage, PrintMessage } from './plan.js';
import { printDuration, printTimestamp } from './print/times.js';
import {
  printAny,
  printDynamicValue,
  printFieldMask,
  printFiniteDouble,
  printListValue,
  printStruct,
  printWrapper,
} from './print/well-known.js';

const WRAPPERS = new Set(
  ['Double', 'Float', 'Int64', 'UInt64', 'Int32', 'UInt32', 'Bool', 'String', 'Bytes'].map(
    (name) => `google.protobuf.${name}Value`,
  ),
);

/**
 * Gives a well-known type its own JSON. google.protobuf.Empty has none: it is an object without fields.
 * Source: https://protobuf.dev/programming-guides/json/#field-representation
 */
export function finishWellKnown(plan: MessagePlan, type: DescMessage): void {
  switch (type.typeName) {
    case 'google.protobuf.Any':
      return use(plan, printAny, parseAny);
    case 'google.protobuf.Timestamp':
      return use(plan, printTimestamp, parseTimestamp);
    case 'google.protobuf.Duration':
      return use(plan, printDuration, parseDuration);
    case 'google.protobuf.FieldMask':
      return use(plan, printFieldMask, parseFieldMask);
    case 'google.protobuf.Struct':
      return use(plan, printStruct, parseOnly);
    case 'google.protobuf.ListValue':
      return use(plan, printListValue, parseOnly);
    case 'google.protobuf.Value':
      for (const field of plan.fields) {
        if (field.scalar === ScalarType.DOUBLE) field.printValue = printFiniteDouble;
      }
      return use(plan, printDynamicValue, parseDynamicValue);
    default:
      if (WRAPPERS.has(type.typeName)) use(plan, printWrapper, parseWrapper);
  }
}

function use(plan: MessagePlan, print: PrintMessage, parse: ParseMessage): void {
  plan.wellKnown = true;
  plan.print = print;
  plan.parse = parse;
}
