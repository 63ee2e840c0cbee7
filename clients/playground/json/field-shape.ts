import {
  type DescEnum,
  type DescExtension,
  type DescField,
  type DescMessage,
  ScalarType,
} from '@bufbuild/protobuf';

/** What the JSON of a value looks like, whatever holds it: a field, an item of a list, a value of a map. */
export type Shape =
  | { readonly kind: 'scalar'; readonly scalar: ScalarType }
  | { readonly kind: 'enum'; readonly type: DescEnum }
  | { readonly kind: 'message'; readonly type: DescMessage }
  | { readonly kind: 'list'; readonly item: Shape }
  | { readonly kind: 'map'; readonly key: ScalarType; readonly value: Shape };

export function shapeOfField(field: DescField | DescExtension): Shape {
  switch (field.fieldKind) {
    case 'list':
      return { kind: 'list', item: single(field.listKind, field) };
    case 'map':
      return { kind: 'map', key: field.mapKey, value: single(field.mapKind, field) };
    default:
      return single(field.fieldKind, field);
  }
}

function single(
  kind: 'scalar' | 'enum' | 'message',
  { scalar, enum: type, message }: Pick<DescField, 'scalar' | 'enum' | 'message'>,
): Shape {
  if (kind === 'message' && message !== undefined) {
    const wrapped = wrappedScalar(message);
    return wrapped === undefined ? { kind, type: message } : { kind: 'scalar', scalar: wrapped };
  }
  if (kind === 'enum' && type !== undefined) return { kind, type };
  return { kind: 'scalar', scalar: scalar ?? ScalarType.STRING };
}

/** google.protobuf.Int64Value and its like are their value, in JSON. */
function wrappedScalar({ typeName, fields }: DescMessage): ScalarType | undefined {
  const isWrapper = /^google\.protobuf\.(?:Double|Float|U?Int(?:64|32)|Bool|String|Bytes)Value$/.test(
    typeName,
  );
  return isWrapper && fields.length === 1 ? fields[0]?.scalar : undefined;
}

/** The types whose JSON is not an object of their fields. */
const WELL_KNOWN = ['Any', 'Timestamp', 'Duration', 'FieldMask', 'Struct', 'ListValue', 'Value'] as const;

export type WellKnownName = (typeof WELL_KNOWN)[number];

/** "Timestamp" for google.protobuf.Timestamp; undefined for a message that is an object of its fields. */
export function wellKnownName({ typeName }: DescMessage): WellKnownName | undefined {
  return WELL_KNOWN.find((name) => typeName === `google.protobuf.${name}`);
}

/** Whether null is a value of its own there, and not the same as nothing. */
export function takesNull(shape: Shape): boolean {
  if (shape.kind === 'message') return wellKnownName(shape.type) === 'Value';
  return shape.kind === 'enum' && shape.type.typeName === 'google.protobuf.NullValue';
}

/** Whether a field can tell that it is absent from its zero. */
export function hasPresence(field: DescField): boolean {
  const IMPLICIT = 2;
  return field.fieldKind === 'scalar' || field.fieldKind === 'enum' ? field.presence !== IMPLICIT : true;
}

/** The member of a message's JSON that holds this field: both spellings count. */
export function memberOf(field: DescField, members: object): string | undefined {
  if (Object.hasOwn(members, field.jsonName)) return field.jsonName;
  return Object.hasOwn(members, field.name) ? field.name : undefined;
}

/** How the type of a value is called: "string", "list of Item", "map of string to int32". */
export function shapeText(shape: Shape): string {
  switch (shape.kind) {
    case 'scalar':
      return ScalarType[shape.scalar].toLowerCase();
    case 'enum':
    case 'message':
      return shape.type.name;
    case 'list':
      return `list of ${shapeText(shape.item)}`;
    case 'map':
      return `map of ${ScalarType[shape.key].toLowerCase()} to ${shapeText(shape.value)}`;
  }
}

/** What stands under "value" in an `Any`; undefined for a type whose fields stand beside "@type". */
export function shapeWithinAny(type: DescMessage): Shape | undefined {
  if (wellKnownName(type) !== undefined) return { kind: 'message', type };
  const scalar = wrappedScalar(type);
  return scalar === undefined ? undefined : { kind: 'scalar', scalar };
}
