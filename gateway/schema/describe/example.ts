import { type DescField, type DescMessage, ScalarType } from '@bufbuild/protobuf';
import { type PathTemplate, parsePathTemplate } from '../http/index.js';
import type { HttpBinding, Json, JsonObject } from '../method/index.js';
import { scalarExample } from './example-value.js';
import { isOutputOnly } from './field-behavior.js';

/** Deep enough to show the shape of a request, shallow enough to read. */
const MAX_DEPTH = 4;
/** Wide messages of wide messages grow fast; fields beyond this many are left out. */
const MAX_FIELDS = 300;

const WHOLE: ReadonlyMap<string, Json> = new Map<string, Json>([
  ['google.protobuf.Timestamp', '2024-05-17T12:00:00Z'],
  ['google.protobuf.Duration', '1s'],
  ['google.protobuf.FieldMask', ''],
  ['google.protobuf.Struct', {}],
  ['google.protobuf.Value', null],
  ['google.protobuf.ListValue', []],
  ['google.protobuf.Any', {}],
  ['google.protobuf.Empty', {}],
]);

interface Walk {
  /** Messages around the field, outermost first. */
  readonly outer: readonly DescMessage[];
  /** What paths of HTTP rules ask for, by the dotted name of the field. */
  readonly paths: ReadonlyMap<string, string>;
  /** Dotted name of the message within the request, with a dot at its end; "" for the request itself. */
  readonly prefix: string;
  readonly budget: { left: number };
}

/**
 * A request to begin with: valid ProtoJSON that a service may well take. Each field has a value that its comment or its name suggests, or one of its type; enums are not
 * zero, lists and maps have one item, oneofs their first member. Left out are fields that only the service sets, deprecated ones, and a type within itself.
 */
export function exampleJson(message: DescMessage, bindings: readonly HttpBinding[] = []): Json {
  const paths = pathValues(bindings);
  return messageExample(message, { outer: [], paths, prefix: '', budget: { left: MAX_FIELDS } });
}

function messageExample(message: DescMessage, walk: Walk): Json {
  const whole = WHOLE.get(message.typeName);
  if (whole !== undefined) return whole;
  const json: JsonObject = Object.create(null);
  const { budget } = walk;
  const inner = { ...walk, outer: [...walk.outer, message] };
  const oneofs = new Set<unknown>();
  for (const field of message.fields) {
    if (isLeftOut(field, inner.outer)) continue;
    if (field.oneof !== undefined && oneofs.has(field.oneof)) continue;
    if (budget.left <= 0) break;
    budget.left -= 1;
    oneofs.add(field.oneof);
    json[field.jsonName] = fieldExample(field, inner);
  }
  return json;
}

function isLeftOut(field: DescField, outer: readonly DescMessage[]): boolean {
  if (field.proto.options?.deprecated === true || isOutputOnly(field)) return true;
  const { message } = field;
  if (message === undefined || WHOLE.has(message.typeName)) return false;
  return outer.includes(message) || outer.length >= MAX_DEPTH;
}

function fieldExample(field: DescField, walk: Walk): Json {
  const value = single(field, walk);
  if (field.fieldKind === 'list') return [value];
  if (field.fieldKind !== 'map') return value;
  const key = field.mapKey === ScalarType.STRING ? 'key' : field.mapKey === ScalarType.BOOL ? 'true' : '1';
  return { [key]: value };
}

function single(field: DescField, walk: Walk): Json {
  const wrapped = wrappedField(field.message);
  if (wrapped?.scalar !== undefined) return scalarExample(field, wrapped.scalar);
  if (field.message !== undefined) {
    return messageExample(field.message, { ...walk, prefix: `${walk.prefix}${field.name}.` });
  }
  if (field.enum !== undefined) return enumExample(field);
  if (field.scalar === undefined) return null;
  return walk.paths.get(walk.prefix + field.name) ?? scalarExample(field, field.scalar);
}

/** The value of google.protobuf.Int64Value and its like. */
function wrappedField(message: DescMessage | undefined): DescField | undefined {
  if (message === undefined || WHOLE.has(message.typeName)) return undefined;
  return /^google\.protobuf\.[A-Za-z0-9]+Value$/.test(message.typeName) ? message.fields[0] : undefined;
}

function enumExample(field: DescField): Json {
  const chosen = field.enum?.values.find(
    ({ number, proto }) => number !== 0 && proto.options?.deprecated !== true,
  );
  return field.enum?.typeName === 'google.protobuf.NullValue' ? null : (chosen?.name ?? enumZero(field));
}

/** What a variable has to look like that covers more than one segment, such as `shelves/*`. */
function pathValues(bindings: readonly HttpBinding[]): Map<string, string> {
  const values = new Map<string, string>();
  for (const { template } of bindings) {
    const parsed = parsePathTemplate(template);
    for (const variable of parsed.variables) {
      const own = parsed.segments.slice(variable.start, variable.end);
      if (own.length > 1 && !values.has(variable.field))
        values.set(variable.field, own.map(segmentText).join('/'));
    }
  }
  return values;
}

function segmentText(segment: PathTemplate['segments'][number]): string {
  if (segment.kind !== 'literal') return '1';
  try {
    return decodeURIComponent(segment.text);
  } catch {
    return segment.text;
  }
}

/** The empty value of a single enum field, as ProtoJSON. */
function enumZero(field: DescField): Json {
  if (field.enum?.typeName === 'google.protobuf.NullValue') return null;
  return field.enum?.values[0]?.name ?? 0;
}
