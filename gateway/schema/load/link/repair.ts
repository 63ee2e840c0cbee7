import { clearField, create, isFieldSet } from '@bufbuild/protobuf';
import {
  type DescriptorProto,
  FeatureSet_FieldPresence,
  FeatureSetSchema,
  type FieldDescriptorProto,
  FieldDescriptorProtoSchema,
  FieldOptionsSchema,
  FieldDescriptorProto_Type as FieldType,
  type FileDescriptorProto,
  FieldDescriptorProto_Label as Label,
} from '@bufbuild/protobuf/wkt';
import { jsonNameFromProto } from '../../base/index.js';
import { usableDefault } from './default.js';

/**
 * Mends in place what is known to come broken, and leaves everything else alone.
 *
 * `@grpc/proto-loader` makes descriptors from what protobufjs remembers of a file: all of it is proto3, a map entry has the name
 * of its field, an extension appears as a field of what it extends and, if it is nested, as a field of where it is declared,
 * `optional` is only its oneof, and a proto2 field is known by `packed = false` where that has no meaning.
 * `@grpc/reflection` and so every NestJS service sends them. Descriptors in generated Python code have no JSON names.
 */
export function repairFile(file: FileDescriptorProto): void {
  const isProto3 = file.syntax === 'proto3';
  const stack = [...file.messageType];
  for (let message = stack.pop(); message !== undefined; message = stack.pop()) {
    moveExtensions(message);
    renameMapEntries(message);
    if (isProto3) markOptional(message);
    for (const field of [...message.field, ...message.extension]) repairField(field, isProto3);
    for (const nested of message.nestedType) stack.push(nested);
  }
  for (const extension of file.extension) repairField(extension, isProto3);
}

/** A nested extension stands among the fields; what extends a message, as a field with a full name of that message. */
function moveExtensions(message: DescriptorProto): void {
  if (!message.field.some((field) => field.extendee !== '' || field.name.startsWith('.'))) return;
  const fields: FieldDescriptorProto[] = [];
  for (const field of message.field) {
    if (field.extendee !== '') message.extension.push(field);
    else if (!field.name.startsWith('.')) fields.push(field);
  }
  message.field = fields;
}

/** The names of the extensions that a message is said to have as fields (see `repairFile`). To be asked before. */
export function extensionNames(message: DescriptorProto): string[] {
  return message.field.filter(({ name }) => name.startsWith('.')).map(({ name }) => name.slice(1));
}

/**
 * A map field `labels` has the type `Labels`, and so has its entry; a message of that name may stand beside it. The
 * entries are called as protoc calls them, and the fields say which they mean.
 */
function renameMapEntries(message: DescriptorProto): void {
  const entries = new Map<string, DescriptorProto>();
  for (const nested of message.nestedType) {
    if (nested.options?.mapEntry === true && !entries.has(nested.name)) entries.set(nested.name, nested);
  }
  if (entries.size === 0) return;
  const taken = new Set(message.nestedType.map(({ name }) => name));
  for (const { name } of message.enumType) taken.add(name);
  for (const field of message.field) {
    const own = field.name.slice(0, 1).toUpperCase() + field.name.slice(1);
    const entry = entries.get(own);
    if (field.label !== Label.REPEATED || field.typeName !== own || entry === undefined) continue;
    let name = `${own}Entry`;
    while (taken.has(name)) name += '_';
    taken.add(name);
    entries.delete(own);
    entry.name = name;
    field.typeName = name;
  }
}

/** A oneof `_name` with `name` as its only member is how `optional` is written down. */
function markOptional(message: DescriptorProto): void {
  const members = new Map<number, number>();
  for (const field of message.field) {
    if (!isFieldSet(field, FieldDescriptorProtoSchema.field.oneofIndex)) continue;
    members.set(field.oneofIndex, (members.get(field.oneofIndex) ?? 0) + 1);
  }
  for (const field of message.field) {
    if (!isFieldSet(field, FieldDescriptorProtoSchema.field.oneofIndex)) continue;
    const oneof = message.oneofDecl[field.oneofIndex];
    if (oneof?.name === `_${field.name}` && members.get(field.oneofIndex) === 1) field.proto3Optional = true;
  }
}

function repairField(field: FieldDescriptorProto, isProto3: boolean): void {
  if (field.jsonName === '') field.jsonName = jsonNameFromProto(field.name);
  if (isFieldSet(field, FieldDescriptorProtoSchema.field.defaultValue)) {
    const text = usableDefault(field);
    if (text === undefined) clearField(field, FieldDescriptorProtoSchema.field.defaultValue);
    else field.defaultValue = text;
  }
  if (isProto3 && isProto2Field(field)) {
    const options = field.options ?? create(FieldOptionsSchema);
    options.features ??= create(FeatureSetSchema);
    options.features.fieldPresence = FeatureSet_FieldPresence.EXPLICIT;
    field.options = options;
  }
}

/** In proto3 a single field has neither a default nor a group, and never says that it is not packed. */
function isProto2Field(field: FieldDescriptorProto): boolean {
  if (field.label === Label.REPEATED) return false;
  if (isFieldSet(field, FieldDescriptorProtoSchema.field.defaultValue)) return true;
  if (field.type === FieldType.GROUP) return true;
  const { options } = field;
  return options !== undefined && isFieldSet(options, FieldOptionsSchema.field.packed) && !options.packed;
}
