import { type DescEnum, type DescField, type DescMessage, ScalarType } from '@bufbuild/protobuf';
import type { Steps } from '../async/index.js';
import {
  enumComment,
  fieldComment,
  type Method,
  messageComment,
  methodKind,
  type Schema,
  serviceComment,
} from '../schema/index.js';
import { isRequired, type Side, UsedTypes } from './used-types.js';

const HEAD = `// Types of the JSON (ProtoJSON) of a gRPC service, made by Sluice from its schema. Do not edit.
// Use: createClient<Services>() of the browser client completes the names of methods, and checks requests.

/** At most one of the members. */
export type OneOf<Members> =
  | { [Name in keyof Members]-?: Required<Pick<Members, Name>> & { readonly [Other in Exclude<keyof Members, Name>]?: never } }[keyof Members]
  | { readonly [Name in keyof Members]?: never };
`;

/** What ProtoJSON has for a message that is no object of its fields. */
const WELL_KNOWN: ReadonlyMap<string, string> = new Map([
  ['Timestamp', 'string'],
  ['Duration', 'string'],
  ['FieldMask', 'string'],
  ['Struct', '{ [name: string]: unknown }'],
  ['Value', 'unknown'],
  ['ListValue', 'unknown[]'],
  ['Any', '{ "@type"?: string; [name: string]: unknown }'],
  ['Empty', 'Record<string, never>'],
]);

/** The TypeScript declarations of a schema, type by type: its messages and enums by full name, and `Services` with all methods. */
export function* declarationSteps(schema: Schema): Steps<string> {
  const types = yield* UsedTypes.steps(schema);
  const messages: string[] = [];
  const enums = new Set<DescEnum>();
  const seen = new Set<string>();
  const sides: [DescMessage, Side][] = [...types.messages].flatMap((message) => [
    [message, 'request'],
    [message, 'response'],
  ]);
  for (const [message, side] of sides) {
    const name = types.nameOf(message, side);
    if (seen.has(name)) continue;
    seen.add(name);
    yield;
    messages.push(
      `${comment(messageComment(message), '  ')}  ${quoted(name)}: ${messageType(message, side, types)};\n`,
    );
    if (wellKnownType(message) !== undefined) continue;
    for (const field of message.fields) if (field.enum !== undefined) enums.add(field.enum);
  }
  const enumTexts = [...enums].map(
    (type) => `${comment(enumComment(type), '  ')}  ${quoted(type.typeName)}: ${enumType(type)};\n`,
  );
  return [
    HEAD,
    `/** The messages, by the full names of their types; what a response leaves out is optional there. */\nexport interface Messages {\n${messages.join('')}}\n`,
    `/** The enums. A value that this schema has no name for arrives as its number. */\nexport interface Enums {\n${enumTexts.join('')}}\n`,
    `/** The methods, by their names "pkg.Service/Method". */\nexport interface Services {\n${methodsOf(schema, types).join('')}}\n`,
  ].join('\n');
}

function methodsOf(schema: Schema, types: UsedTypes): string[] {
  return schema.services.flatMap((service) =>
    service.methods.flatMap((desc, index) => {
      const method = schema.methods.get(`/${service.typeName}/${desc.name}`);
      if (method === undefined) return [];
      const about = comment(
        [serviceComment(service, index), desc.deprecated ? '@deprecated' : ''].filter(Boolean).join('\n'),
        '  ',
      );
      return [`${about}  ${quoted(method.path.slice(1))}: ${methodType(method, types)};\n`];
    }),
  );
}

function methodType(method: Method, types: UsedTypes): string {
  const request = `Messages[${quoted(types.nameOf(method.input, 'request'))}]`;
  const response = `Messages[${quoted(types.nameOf(method.output, 'response'))}]`;
  return `{ kind: "${methodKind(method)}"; request: ${request}; response: ${response} }`;
}

function messageType(message: DescMessage, side: Side, types: UsedTypes): string {
  const known = wellKnownType(message);
  if (known !== undefined) return known;
  // A oneof of one member excludes nothing.
  const isChoice = ({ oneof }: DescField) => oneof !== undefined && oneof.fields.length > 1;
  const plain = message.fields.filter((field) => !isChoice(field)).map((field) => member(field, side, types));
  const body = plain.length === 0 ? '{}' : `{\n${plain.join('')}  }`;
  const choices = message.oneofs
    .filter(({ fields }) => fields.length > 1)
    .map(({ fields }) => choiceType(fields, side, types));
  return [body, ...choices].join(' & ');
}

/** The alternatives are made by the compiler: to write them out would be the square of the members. */
function choiceType(fields: readonly DescField[], side: Side, types: UsedTypes): string {
  return `OneOf<{\n${fields.map((field) => member(field, side, types)).join('')}  }>`;
}

function member(field: DescField, side: Side, types: UsedTypes): string {
  const text = [fieldComment(field), field.deprecated ? '@deprecated' : ''].filter(Boolean).join('\n');
  const optional = isRequired(field, side) ? '' : '?';
  return `${comment(text, '    ')}    ${quoted(field.jsonName)}${optional}: ${fieldType(field, side, types)};\n`;
}

function fieldType(field: DescField, side: Side, types: UsedTypes): string {
  const item = itemType(field, side, types);
  if (field.fieldKind === 'list') return `readonly (${item})[]`;
  return field.fieldKind === 'map' ? `{ readonly [key: string]: ${item} }` : item;
}

function itemType(field: DescField, side: Side, types: UsedTypes): string {
  if (field.message !== undefined) return `Messages[${quoted(types.nameOf(field.message, side))}]`;
  if (field.enum !== undefined) return `Enums[${quoted(field.enum.typeName)}]`;
  return field.scalar === undefined ? 'unknown' : scalarType(field.scalar);
}

function wellKnownType({ typeName, fields }: DescMessage): string | undefined {
  if (!typeName.startsWith('google.protobuf.')) return undefined;
  const name = typeName.slice('google.protobuf.'.length);
  const known = WELL_KNOWN.get(name);
  const scalar = fields[0]?.scalar;
  if (known !== undefined || scalar === undefined) return known;
  return /^(?:Double|Float|U?Int(?:32|64)|Bool|String|Bytes)Value$/.test(name)
    ? scalarType(scalar)
    : undefined;
}

function scalarType(type: ScalarType): string {
  switch (type) {
    case ScalarType.BOOL:
      return 'boolean';
    case ScalarType.DOUBLE:
    case ScalarType.FLOAT:
      return 'number | "NaN" | "Infinity" | "-Infinity"';
    case ScalarType.INT32:
    case ScalarType.SINT32:
    case ScalarType.SFIXED32:
    case ScalarType.UINT32:
    case ScalarType.FIXED32:
      return 'number';
    default:
      return 'string';
  }
}

function enumType(type: DescEnum): string {
  if (type.typeName === 'google.protobuf.NullValue') return 'null';
  return type.values.map(({ name }) => quoted(name)).join(' | ');
}

/** Names may be anything that a descriptor holds; within quotes none of it is a program. */
function quoted(name: string): string {
  return JSON.stringify(name).replaceAll('\u2028', '\\u2028').replaceAll('\u2029', '\\u2029');
}

/** A comment of the schema as one of TypeScript, which it cannot end. */
function comment(text: string, indent: string): string {
  if (text === '') return '';
  const lines = text.replaceAll('*/', '*\\/').split('\n');
  if (lines.length === 1) return `${indent}/** ${lines[0]} */\n`;
  return `${indent}/**\n${lines.map((line) => `${indent} * ${line}`.trimEnd()).join('\n')}\n${indent} */\n`;
}
