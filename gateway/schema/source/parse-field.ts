import { create } from '@bufbuild/protobuf';
import {
  type DescriptorProto,
  DescriptorProtoSchema,
  type FieldDescriptorProto,
  FieldDescriptorProtoSchema,
  FieldOptionsSchema,
  FieldDescriptorProto_Label as Label,
  MessageOptionsSchema,
  FieldDescriptorProto_Type as Type,
} from '@bufbuild/protobuf/wkt';
import { jsonNameFromProto } from '../base/index.js';
import { protoDefaultText } from './default-value.js';
import { type FileDraft, fullName, locate } from './draft.js';
import { readInlineOptions } from './inline-options.js';
import type { Token } from './token.js';
import { MAX_FIELD_NUMBER } from './token-reader.js';

/** Where a field goes. */
export interface FieldPlace {
  /** The path of the parent, and the number of its list of fields. */
  readonly path: readonly number[];
  readonly number: number;
  readonly fields: FieldDescriptorProto[];
  /** Where the message of a group or of a map entry goes. */
  readonly groups: DescriptorProto[];
  readonly parent?: DescriptorProto;
  readonly oneofIndex?: number;
  /** Reads the body of a group, which is a message; given, because a message is made of fields. */
  readonly readBody: (draft: FileDraft, scope: string, path: number[], proto: DescriptorProto) => void;
}

const SCALARS: ReadonlyMap<string, Type> = new Map([
  ['double', Type.DOUBLE],
  ['float', Type.FLOAT],
  ['int64', Type.INT64],
  ['uint64', Type.UINT64],
  ['int32', Type.INT32],
  ['fixed64', Type.FIXED64],
  ['fixed32', Type.FIXED32],
  ['bool', Type.BOOL],
  ['string', Type.STRING],
  ['bytes', Type.BYTES],
  ['uint32', Type.UINT32],
  ['sfixed32', Type.SFIXED32],
  ['sfixed64', Type.SFIXED64],
  ['sint32', Type.SINT32],
  ['sint64', Type.SINT64],
]);
const LABELS: ReadonlyMap<string, Label> = new Map([
  ['optional', Label.OPTIONAL],
  ['required', Label.REQUIRED],
  ['repeated', Label.REPEATED],
]);
const NESTED_TYPE = 3;

/** Reads one field, map or group. */
export function parseField(draft: FileDraft, scope: string, place: FieldPlace): void {
  const { reader } = draft;
  const start = reader.peek();
  const proto = create(FieldDescriptorProtoSchema);
  const labelled = readLabel(draft, proto, place);
  if (reader.isWord('map') && reader.isSymbol('<', 1)) {
    if (labelled || place.parent === undefined) reader.fail('a map has no label and is no extension', start);
    if (place.oneofIndex !== undefined) reader.fail('a map cannot be in a oneof', start);
    parseMap(draft, scope, place, proto, start);
    return;
  }
  const group = reader.isWord('group') && reader.peek(1).kind === 'word' && reader.isSymbol('=', 2);
  if (group) {
    reader.next();
    if (draft.syntax !== 'proto2') reader.fail('groups exist in proto2 only', start);
    const name = reader.peek();
    const typeName = reader.identifier('the name of a group');
    if (!/^[A-Z]/.test(typeName)) reader.fail('the name of a group begins with a capital letter', name);
    proto.name = typeName.toLowerCase();
    proto.type = Type.GROUP;
    proto.typeName = `.${fullName(scope, typeName)}`;
    readNumberAndOptions(draft, scope, proto);
    const groupType = create(DescriptorProtoSchema, { name: typeName });
    const groupPath =
      place.path.length === 0 ? [4, place.groups.length] : [...place.path, NESTED_TYPE, place.groups.length];
    place.groups.push(groupType);
    place.fields.push(proto);
    place.readBody(draft, fullName(scope, typeName), groupPath, groupType);
  } else {
    readType(draft, scope, proto);
    proto.name = reader.identifier('the name of a field');
    readNumberAndOptions(draft, scope, proto);
    place.fields.push(proto);
    reader.expectSymbol(';');
  }
  locate(draft, [...place.path, place.number, place.fields.length - 1], start);
}

function readLabel({ reader, syntax }: FileDraft, proto: FieldDescriptorProto, place: FieldPlace): boolean {
  const start = reader.peek();
  const label = start.kind === 'word' ? LABELS.get(start.text) : undefined;
  proto.label = label ?? Label.OPTIONAL;
  if (place.oneofIndex !== undefined) {
    if (label !== undefined) reader.fail('a field of a oneof has no label', start);
    proto.oneofIndex = place.oneofIndex;
    return false;
  }
  if (label === undefined) {
    const isMap = reader.isWord('map') && reader.isSymbol('<', 1);
    if (syntax === 'proto2' && !isMap)
      reader.fail('a field needs "optional", "required" or "repeated" in proto2');
    return false;
  }
  reader.next();
  if (label === Label.REQUIRED && syntax !== 'proto2') reader.fail('"required" exists in proto2 only', start);
  if (label === Label.OPTIONAL && syntax === 'editions') {
    reader.fail('"optional" does not exist in editions, see features.field_presence', start);
  }
  if (label === Label.OPTIONAL && syntax === 'proto3') proto.proto3Optional = true;
  return true;
}

function readType(draft: FileDraft, scope: string, proto: FieldDescriptorProto): void {
  const { reader } = draft;
  const at = reader.peek();
  const name = reader.qualifiedName('the type of a field');
  const scalar = SCALARS.get(name);
  if (scalar !== undefined) {
    proto.type = scalar;
    return;
  }
  const resolve = (found: string, kind: 'message' | 'enum') => {
    proto.type = kind === 'enum' ? Type.ENUM : Type.MESSAGE;
    proto.typeName = `.${found}`;
  };
  // Stays where it is not found and that is no end: see `Tolerance`.
  proto.typeName = name;
  draft.references.push({ name, scope, at, wanted: 'message or enum', resolve });
}

function readNumberAndOptions(draft: FileDraft, scope: string, proto: FieldDescriptorProto): void {
  const { reader } = draft;
  proto.jsonName = jsonNameFromProto(proto.name);
  reader.expectSymbol('=');
  const at = reader.peek();
  proto.number = reader.integer('the number of a field', 1, MAX_FIELD_NUMBER);
  if (proto.number >= 19_000 && proto.number <= 19_999) reader.fail('19000 to 19999 belong to protobuf', at);
  for (const option of readInlineOptions(reader)) {
    const name = option.name.length === 1 && option.name[0]?.extension === false ? option.name[0].name : '';
    if (name === 'default') {
      // Which text is right depends on the type, and an enum is known only after linking.
      draft.checks.push(() => {
        proto.defaultValue = protoDefaultText(proto, option.value, reader);
      });
    } else if (name === 'json_name') {
      if (option.value.kind !== 'string') reader.fail('json_name is a string', option.at);
      else proto.jsonName = Buffer.from(option.value.bytes).toString('utf8');
    } else {
      const target = () => (proto.options ??= create(FieldOptionsSchema));
      draft.options.push({ ...option, scope: fullName(scope, proto.name), target });
    }
  }
}

/** A map is a repeated message of two fields. Source: google/protobuf/descriptor.proto, MessageOptions.map_entry. */
function parseMap(
  draft: FileDraft,
  scope: string,
  place: FieldPlace,
  proto: FieldDescriptorProto,
  start: Token,
): void {
  const { reader } = draft;
  reader.next();
  reader.expectSymbol('<');
  const key = create(FieldDescriptorProtoSchema, {
    name: 'key',
    number: 1,
    label: Label.OPTIONAL,
    jsonName: 'key',
  });
  const value = create(FieldDescriptorProtoSchema, {
    name: 'value',
    number: 2,
    label: Label.OPTIONAL,
    jsonName: 'value',
  });
  const keyAt = reader.peek();
  readType(draft, scope, key);
  if (key.typeName !== '' || !SCALARS.has(keyAt.text) || /^(?:double|float|bytes)$/.test(keyAt.text)) {
    reader.fail(`a map key is an integer, a bool or a string, found "${keyAt.text}"`, keyAt);
  }
  reader.expectSymbol(',');
  readType(draft, scope, value);
  reader.expectSymbol('>');
  proto.name = reader.identifier('the name of a field');
  readNumberAndOptions(draft, scope, proto);
  reader.expectSymbol(';');
  const camel = jsonNameFromProto(proto.name);
  const entry = create(DescriptorProtoSchema, {
    name: `${camel.charAt(0).toUpperCase()}${camel.slice(1)}Entry`,
    field: [key, value],
    options: create(MessageOptionsSchema, { mapEntry: true }),
  });
  proto.label = Label.REPEATED;
  proto.type = Type.MESSAGE;
  proto.typeName = `.${fullName(scope, entry.name)}`;
  place.groups.push(entry);
  place.fields.push(proto);
  locate(draft, [...place.path, place.number, place.fields.length - 1], start);
}
