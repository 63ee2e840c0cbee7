import { clearField, isFieldSet } from '@bufbuild/protobuf';
import {
  type DescriptorProto,
  type EnumDescriptorProto,
  type FieldDescriptorProto,
  FieldDescriptorProtoSchema,
  FieldDescriptorProto_Type as FieldType,
  FieldDescriptorProto_Label as Label,
} from '@bufbuild/protobuf/wkt';
import type {
  Declaration,
  ExtensionDeclaration,
  LinkFile,
  MessageDeclaration,
  Scope,
} from './declaration.js';
import { IDENTIFIER } from './declare.js';

const MAX_FIELD_NUMBER = 2 ** 29 - 1;
const TYPE_KINDS = ['message', 'enum'] as const;

/** Says what is known of a type that no file declares: why it is missing. "" for nothing. */
export type Explain = (name: string, scope: string, file: LinkFile) => string;

/**
 * Finds what a declaration uses, writes full names in place of those that were given, and says what is wrong with it by itself.
 * What it uses is looked at on its own: see `spreadFaults`.
 */
export function checkDeclaration(declaration: Declaration, explain: Explain): string | undefined {
  switch (declaration.kind) {
    case 'message':
      return checkMessage(declaration, explain);
    case 'enum':
      return checkEnum(declaration.proto);
    case 'extension':
      return checkExtension(declaration, explain);
  }
}

function checkMessage(message: MessageDeclaration, explain: Explain): string | undefined {
  const { proto, scope, file } = message;
  const badOneof = proto.oneofDecl.find(({ name }) => !IDENTIFIER.test(name));
  if (badOneof !== undefined) return `the name of the oneof ${JSON.stringify(badOneof.name)} is not valid`;
  const numbers = new Set<number>();
  const names = new Set<string>();
  for (const field of proto.field) {
    const problem =
      checkField(field, message, { scope, file }, explain) ??
      (numbers.has(field.number) ? `its number ${field.number} is taken by another field` : undefined) ??
      (names.has(field.name) ? 'another field has its name' : undefined) ??
      checkOneof(field, proto) ??
      checkMapField(field, message);
    if (problem !== undefined) return `the field ${JSON.stringify(field.name)}: ${problem}`;
    numbers.add(field.number);
    names.add(field.name);
  }
  return proto.options?.mapEntry === true ? checkMapEntry(proto) : undefined;
}

function checkEnum(proto: EnumDescriptorProto): string | undefined {
  if (proto.value.length === 0) return 'the enum has no values';
  const bad = proto.value.find(({ name }) => !IDENTIFIER.test(name));
  return bad && `the name of the value ${JSON.stringify(bad.name)} is not valid`;
}

function checkExtension(extension: ExtensionDeclaration, explain: Explain): string | undefined {
  const { proto, place, file } = extension;
  const extendee = place.find(proto.extendee, ['message']);
  if (extendee === undefined) {
    return `it extends ${JSON.stringify(proto.extendee)}, which no file declares${explain(proto.extendee, place.fullName, file)}`;
  }
  proto.extendee = `.${extendee.scope.fullName}`;
  extension.uses.push(extendee);
  clearField(proto, FieldDescriptorProtoSchema.field.oneofIndex);
  return checkField(proto, extension, { scope: place, file }, explain);
}

interface FieldPlace {
  readonly scope: Scope;
  readonly file: LinkFile;
}

function checkField(
  field: FieldDescriptorProto,
  owner: Declaration,
  place: FieldPlace,
  explain: Explain,
): string | undefined {
  if (!IDENTIFIER.test(field.name)) return 'its name is not valid';
  if (!Number.isInteger(field.number) || field.number < 1 || field.number > MAX_FIELD_NUMBER) {
    return `a field cannot have its number, ${field.number}`;
  }
  if (!(field.label in Label)) return `its label ${field.label} is unknown`;
  const hasType = isFieldSet(field, FieldDescriptorProtoSchema.field.type);
  if (hasType && !(field.type in FieldType)) return `its type ${field.type} is unknown`;
  if (hasType && !isNamed(field.type)) return undefined;
  if (field.typeName === '') return hasType ? 'the name of its type is missing' : 'it has no type';
  return checkTypeName(field, owner, place, explain, hasType);
}

function isNamed(type: FieldType): boolean {
  return type === FieldType.MESSAGE || type === FieldType.GROUP || type === FieldType.ENUM;
}

function checkTypeName(
  field: FieldDescriptorProto,
  owner: Declaration,
  { scope, file }: FieldPlace,
  explain: Explain,
  hasType: boolean,
): string | undefined {
  const wanted = !hasType
    ? TYPE_KINDS
    : field.type === FieldType.ENUM
      ? ['enum' as const]
      : ['message' as const];
  const found = scope.find(field.typeName, wanted);
  if (found === undefined) {
    const other = scope.find(field.typeName, TYPE_KINDS);
    const name = JSON.stringify(field.typeName);
    if (other !== undefined) return `its type ${name} is not of the kind that the field says`;
    return `no file declares its type ${name}${explain(field.typeName, scope.fullName, file)}`;
  }
  // Before descriptors had types for them, the name alone said it.
  if (!hasType) field.type = found.kind === 'enum' ? FieldType.ENUM : FieldType.MESSAGE;
  field.typeName = `.${found.scope.fullName}`;
  owner.uses.push(found);
  if (found.kind === 'enum') {
    const known = found.proto.value.some(({ name }) => name === field.defaultValue);
    if (!known) clearField(field, FieldDescriptorProtoSchema.field.defaultValue);
  }
  return undefined;
}

function checkOneof(field: FieldDescriptorProto, { oneofDecl }: DescriptorProto): string | undefined {
  if (!isFieldSet(field, FieldDescriptorProtoSchema.field.oneofIndex)) return undefined;
  if (oneofDecl[field.oneofIndex] === undefined) return 'it belongs to a oneof that is missing';
  return field.label === Label.REPEATED ? 'it is repeated and belongs to a oneof' : undefined;
}

/** The entry of a map is found only within its message, and by a repeated field. */
function checkMapField(field: FieldDescriptorProto, message: MessageDeclaration): string | undefined {
  if (field.type !== FieldType.MESSAGE && field.type !== FieldType.GROUP) return undefined;
  const target = message.uses.at(-1);
  if (target?.kind !== 'message' || target.proto.options?.mapEntry !== true) return undefined;
  const isOwn =
    target.parent === message && field.label === Label.REPEATED && field.type === FieldType.MESSAGE;
  return isOwn ? undefined : 'its type is the entry of a map that is not its own';
}

const NO_KEYS: readonly FieldType[] = [
  FieldType.DOUBLE,
  FieldType.FLOAT,
  FieldType.BYTES,
  FieldType.MESSAGE,
  FieldType.GROUP,
  FieldType.ENUM,
];

function checkMapEntry({ field }: DescriptorProto): string | undefined {
  const key = field.find(({ number }) => number === 1);
  const value = field.find(({ number }) => number === 2);
  if (key === undefined || value === undefined || field.length !== 2)
    return 'the entry of a map has no key or no value';
  if (key.label === Label.REPEATED || value.label === Label.REPEATED)
    return 'the entry of a map has a repeated field';
  return NO_KEYS.includes(key.type) ? 'the key of a map cannot have its type' : undefined;
}
