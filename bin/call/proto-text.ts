import {
  type DescEnum,
  type DescField,
  type DescMessage,
  type DescOneof,
  ScalarType,
} from '@bufbuild/protobuf';
import { enumComment, fieldComment, messageComment } from '../../gateway/schema/index.js';

const INDENT = '  ';

/** A message as its .proto file may have it, with comments, and with what is declared in it. */
export function messageText(message: DescMessage, indent = ''): string {
  const inner = indent + INDENT;
  const lines = [...commentLines(messageComment(message), indent), `${indent}message ${message.name} {`];
  for (const nested of message.nestedEnums) lines.push(enumText(nested, inner));
  for (const nested of message.nestedMessages) if (!isEntry(nested)) lines.push(messageText(nested, inner));
  for (const member of message.members) {
    if (member.kind === 'oneof') lines.push(...oneofLines(member, inner));
    else lines.push(...fieldLines(member, inner));
  }
  return [...lines, `${indent}}`].join('\n');
}

/** An enum in the same way. */
export function enumText(desc: DescEnum, indent = ''): string {
  const inner = indent + INDENT;
  const values = desc.values.flatMap((_, index) => valueLines(desc, index, inner));
  return [
    ...commentLines(enumComment(desc), indent),
    `${indent}enum ${desc.name} {`,
    ...values,
    `${indent}}`,
  ].join('\n');
}

/** A field or a oneof of a message, or a value of an enum; behind a field its type. `undefined`: there is none of that name. */
export function memberText(type: DescMessage | DescEnum, name: string): string | undefined {
  if (type.kind === 'enum') {
    const index = type.values.findIndex((value) => value.name === name);
    return index < 0 ? undefined : valueLines(type, index).join('\n');
  }
  const oneof = type.oneofs.find((one) => one.name === name);
  if (oneof !== undefined) return oneofLines(oneof, '').join('\n');
  const field = type.fields.find((one) => one.name === name || one.jsonName === name);
  if (field === undefined) return undefined;
  const { message, enum: desc } = field;
  const below = message === undefined ? desc && enumText(desc) : messageText(message);
  return [fieldLines(field, '').join('\n'), ...(below === undefined ? [] : [below])].join('\n\n');
}

/** A comment as lines that begin with two slashes. */
export function commentLines(comment: string, indent = ''): string[] {
  return comment === '' ? [] : comment.split('\n').map((line) => `${indent}// ${line}`.trimEnd());
}

function valueLines(desc: DescEnum, index: number, indent = ''): string[] {
  const value = desc.values[index];
  const deprecated = value?.proto.options?.deprecated === true ? ' [deprecated = true]' : '';
  return [
    ...commentLines(enumComment(desc, index), indent),
    `${indent}${value?.name} = ${value?.number}${deprecated};`,
  ];
}

function oneofLines(oneof: DescOneof, indent: string): string[] {
  const fields = oneof.fields.flatMap((field) => fieldLines(field, indent + INDENT));
  return [`${indent}oneof ${oneof.name} {`, ...fields, `${indent}}`];
}

function fieldLines(field: DescField, indent: string): string[] {
  const deprecated = field.proto.options?.deprecated === true ? ' [deprecated = true]' : '';
  return [
    ...commentLines(fieldComment(field), indent),
    `${indent}${labelOf(field)}${typeOf(field)} ${field.name} = ${field.number}${deprecated};`,
  ];
}

function labelOf(field: DescField): string {
  if (field.fieldKind === 'list') return 'repeated ';
  return field.proto.proto3Optional ? 'optional ' : '';
}

function typeOf(field: DescField): string {
  const value = field.message ?? field.enum;
  const type =
    value === undefined
      ? scalarName(field.scalar ?? ScalarType.STRING)
      : nameWithin(field.parent, value.typeName);
  return field.fieldKind === 'map' ? `map<${scalarName(field.mapKey)}, ${type}>` : type;
}

/** A type as it may be written within a message: without the package that both have. */
function nameWithin(message: DescMessage, typeName: string): string {
  const own = `${message.file.proto.package}.`;
  return own !== '.' && typeName.startsWith(own) ? typeName.slice(own.length) : typeName;
}

function scalarName(scalar: ScalarType): string {
  return ScalarType[scalar].toLowerCase();
}

/** The type of the entries of a map, which no file declares. */
function isEntry(message: DescMessage): boolean {
  return message.proto.options?.mapEntry === true;
}
