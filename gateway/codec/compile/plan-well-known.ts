import type { DescMessage } from '@bufbuild/protobuf';
import { ScalarType } from '@bufbuild/protobuf';
import {
  parseAny,
  parseDuration,
  parseDynamicValue,
  parseFieldMask,
  parseOnly,
  parseTimestamp,
  parseWrapper,
} from '../parse/index.js';
import type { MessagePlan, ParseMessage, PrintMessage } from '../plan/index.js';
import {
  printAny,
  printDuration,
  printDynamicValue,
  printFieldMask,
  printFiniteDouble,
  printListValue,
  printStruct,
  printTimestamp,
  printWrapper,
} from '../print/index.js';

interface WellKnown {
  /** Number and type of each field. A type that only shares the name is an ordinary message. */
  readonly shape: string;
  readonly print: PrintMessage;
  readonly parse: ParseMessage;
}

/** google.protobuf.Empty is not among them: it is an object without fields. */
const WELL_KNOWN: ReadonlyMap<string, WellKnown> = new Map([
  ['Any', { shape: `1 ${ScalarType.STRING}, 2 ${ScalarType.BYTES}`, print: printAny, parse: parseAny }],
  ['Timestamp', { shape: seconds(), print: printTimestamp, parse: parseTimestamp }],
  ['Duration', { shape: seconds(), print: printDuration, parse: parseDuration }],
  ['FieldMask', { shape: `1 list ${ScalarType.STRING}`, print: printFieldMask, parse: parseFieldMask }],
  ['Struct', { shape: '1 map google.protobuf.Value', print: printStruct, parse: parseOnly }],
  ['ListValue', { shape: '1 list google.protobuf.Value', print: printListValue, parse: parseOnly }],
  [
    'Value',
    {
      shape:
        `1 google.protobuf.NullValue, 2 ${ScalarType.DOUBLE}, 3 ${ScalarType.STRING}, 4 ${ScalarType.BOOL}, ` +
        '5 google.protobuf.Struct, 6 google.protobuf.ListValue',
      print: printDynamicValue,
      parse: parseDynamicValue,
    },
  ],
  ['DoubleValue', wrapper(ScalarType.DOUBLE)],
  ['FloatValue', wrapper(ScalarType.FLOAT)],
  ['Int64Value', wrapper(ScalarType.INT64)],
  ['UInt64Value', wrapper(ScalarType.UINT64)],
  ['Int32Value', wrapper(ScalarType.INT32)],
  ['UInt32Value', wrapper(ScalarType.UINT32)],
  ['BoolValue', wrapper(ScalarType.BOOL)],
  ['StringValue', wrapper(ScalarType.STRING)],
  ['BytesValue', wrapper(ScalarType.BYTES)],
]);

function seconds(): string {
  return `1 ${ScalarType.INT64}, 2 ${ScalarType.INT32}`;
}

function wrapper(scalar: ScalarType): WellKnown {
  return { shape: `1 ${scalar}`, print: printWrapper, parse: parseWrapper };
}

/**
 * Gives the plan of a well-known type, before it has fields, its own JSON, and leaves every other plan as it is.
 * Source: https://protobuf.dev/programming-guides/json/#field-representation
 */
export function beginWellKnown(plan: MessagePlan, type: DescMessage): void {
  const [, name] = /^google\.protobuf\.(\w+)$/.exec(type.typeName) ?? [];
  const known = name === undefined ? undefined : WELL_KNOWN.get(name);
  if (known === undefined || known.shape !== shapeOf(type)) return;
  plan.wellKnown = true;
  plan.print = known.print;
  plan.parse = known.parse;
}

/** What a well-known type changes in its fields. */
export function finishWellKnown(plan: MessagePlan): void {
  if (plan.print !== printDynamicValue) return;
  for (const field of plan.fields) {
    if (field.scalar === ScalarType.DOUBLE) field.printValue = printFiniteDouble;
  }
}

function shapeOf(type: DescMessage): string {
  const fields = [...type.fields].sort((left, right) => left.number - right.number);
  return fields
    .map((field) => {
      const arity = field.fieldKind === 'list' || field.fieldKind === 'map' ? `${field.fieldKind} ` : '';
      return `${field.number} ${arity}${field.message?.typeName ?? field.enum?.typeName ?? field.scalar}`;
    })
    .join(', ');
}
