import { type DescField, type DescMessage, ScalarType } from '@bufbuild/protobuf';
import type { Json, JsonObject } from './request-fields.js';

/** Deep enough to show the shape of a request, shallow enough to read. */
const MAX_DEPTH = 4;
/** Wide messages of wide messages grow fast; beyond this many fields a message is shown as {}. */
const MAX_FIELDS = 300;

const WHOLE: ReadonlyMap<string, Json> = new Map<string, Json>([
  ['google.protobuf.Timestamp', '1970-01-01T00:00:00Z'],
  ['google.protobuf.Duration', '0s'],
  ['google.protobuf.FieldMask', ''],
  ['google.protobuf.Struct', {}],
  ['google.protobuf.Value', null],
  ['google.protobuf.ListValue', []],
  ['google.protobuf.Any', {}],
  ['google.protobuf.Empty', {}],
]);

/**
 * A request to begin with: valid ProtoJSON with every field at the zero value of its type, one item in each list and
 * map, and the first member of each oneof. A type within itself is {}.
 */
export function exampleJson(message: DescMessage): Json {
  return messageExample(message, [], { left: MAX_FIELDS });
}

function messageExample(message: DescMessage, outer: readonly DescMessage[], budget: { left: number }): Json {
  const whole = WHOLE.get(message.typeName);
  if (whole !== undefined) return whole;
  const wrapped = /^google\.protobuf\.[A-Za-z0-9]+Value$/.test(message.typeName)
    ? message.fields[0]
    : undefined;
  if (wrapped !== undefined) return single(wrapped, outer, budget);
  const json: JsonObject = Object.create(null);
  if (outer.includes(message) || outer.length >= MAX_DEPTH) return json;
  for (const field of message.fields) {
    if (field.oneof !== undefined && field.oneof.fields[0] !== field) continue;
    if (budget.left <= 0) break;
    budget.left -= 1;
    json[field.jsonName] = fieldExample(field, [...outer, message], budget);
  }
  return json;
}

function fieldExample(field: DescField, outer: readonly DescMessage[], budget: { left: number }): Json {
  const value = single(field, outer, budget);
  if (field.fieldKind === 'list') return [value];
  if (field.fieldKind !== 'map') return value;
  const key = field.mapKey === ScalarType.STRING ? 'key' : field.mapKey === ScalarType.BOOL ? 'false' : '0';
  return { [key]: value };
}

function single(field: DescField, outer: readonly DescMessage[], budget: { left: number }): Json {
  if (field.message !== undefined) return messageExample(field.message, outer, budget);
  if (field.enum !== undefined) return enumZero(field);
  return field.scalar === undefined ? null : scalarZero(field.scalar);
}

/** The empty value of a single enum field, as ProtoJSON. */
function enumZero(field: DescField): Json {
  if (field.enum?.typeName === 'google.protobuf.NullValue') return null;
  return field.enum?.values[0]?.name ?? 0;
}

/** The empty value of a scalar type, as ProtoJSON. */
function scalarZero(type: ScalarType): Json {
  switch (type) {
    case ScalarType.BOOL:
      return false;
    case ScalarType.STRING:
    case ScalarType.BYTES:
      return '';
    case ScalarType.INT64:
    case ScalarType.UINT64:
    case ScalarType.SINT64:
    case ScalarType.FIXED64:
    case ScalarType.SFIXED64:
      return '0';
    default:
      return 0;
  }
}
