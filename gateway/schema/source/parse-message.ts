import { create } from '@bufbuild/protobuf';
import {
  type DescriptorProto,
  DescriptorProto_ExtensionRangeSchema,
  DescriptorProto_ReservedRangeSchema,
  DescriptorProtoSchema,
  ExtensionRangeOptionsSchema,
  type FieldDescriptorProto,
  MessageOptionsSchema,
  OneofDescriptorProtoSchema,
  OneofOptionsSchema,
} from '@bufbuild/protobuf/wkt';
import { type FileDraft, fullName, locate } from './draft.js';
import { readInlineOptions } from './inline-options.js';
import { readOption } from './option-value.js';
import { parseEnumDeclaration } from './parse-enum.js';
import { type FieldPlace, parseField } from './parse-field.js';
import { readRanges, readReservedNames } from './ranges.js';
import { MAX_FIELD_NUMBER } from './token-reader.js';

/** What stands where in google.protobuf.DescriptorProto. */
const FIELD = 2;
const NESTED_TYPE = 3;
const ENUM_TYPE = 4;
const EXTENSION = 6;
const ONEOF_DECL = 8;
/** A message set has the whole 31 bits for its extensions. */
const MAX_MESSAGE_SET_NUMBER = 2_147_483_646;

/** Reads `message Name { ... }` into `into`. */
export function parseMessageDeclaration(
  draft: FileDraft,
  scope: string,
  path: number[],
  into: DescriptorProto[],
): void {
  const { reader } = draft;
  const start = reader.next();
  const proto = create(DescriptorProtoSchema, { name: reader.identifier('the name of a message') });
  into.push(proto);
  parseMessageBody(draft, fullName(scope, proto.name), path, proto);
  locate(draft, path, start);
}

/** Reads the `{ ... }` of a message or a group. */
export function parseMessageBody(
  draft: FileDraft,
  scope: string,
  path: number[],
  proto: DescriptorProto,
): void {
  const { reader } = draft;
  reader.block(() => parseElement(draft, scope, path, proto));
  addSyntheticOneofs(proto);
}

function parseElement(draft: FileDraft, scope: string, path: number[], proto: DescriptorProto): void {
  const { reader } = draft;
  const place: FieldPlace = {
    path,
    number: FIELD,
    fields: proto.field,
    groups: proto.nestedType,
    parent: proto,
    readBody: parseMessageBody,
  };
  const token = reader.peek();
  // A word that begins a statement may also begin a type: `message.Type field = 1`.
  const keyword = token.kind === 'word' && !reader.isSymbol('.', 1) ? token.text : '';
  switch (keyword) {
    case 'message':
      parseMessageDeclaration(
        draft,
        scope,
        [...path, NESTED_TYPE, proto.nestedType.length],
        proto.nestedType,
      );
      return;
    case 'enum':
      parseEnumDeclaration(draft, scope, [...path, ENUM_TYPE, proto.enumType.length], proto.enumType);
      return;
    case 'extend':
      parseExtend(draft, scope, {
        path,
        number: EXTENSION,
        fields: proto.extension,
        groups: proto.nestedType,
      });
      return;
    case 'oneof':
      parseOneof(draft, scope, path, proto, place);
      return;
    case 'extensions':
      parseExtensions(draft, scope, proto);
      return;
    case 'reserved':
      parseReserved(draft, proto);
      return;
    case 'option': {
      reader.next();
      const option = readOption(reader);
      reader.expectSymbol(';');
      const target = () => (proto.options ??= create(MessageOptionsSchema));
      draft.options.push({ ...option, scope, target });
      return;
    }
    default:
      parseField(draft, scope, place);
  }
}

/** Reads `extend Type { ... }`. */
export function parseExtend(draft: FileDraft, scope: string, place: Omit<FieldPlace, 'readBody'>): void {
  const { reader } = draft;
  reader.next();
  const at = reader.peek();
  const extendee = reader.qualifiedName('the name of a message');
  const first = place.fields.length;
  reader.block(() => parseField(draft, scope, { ...place, readBody: parseMessageBody }));
  for (const field of place.fields.slice(first)) {
    const resolve = (found: string) => {
      field.extendee = `.${found}`;
    };
    field.extendee = extendee;
    draft.references.push({ name: extendee, scope, at, wanted: 'message', resolve });
  }
}

function parseOneof(
  draft: FileDraft,
  scope: string,
  path: number[],
  proto: DescriptorProto,
  place: FieldPlace,
): void {
  const { reader } = draft;
  const start = reader.next();
  const oneof = create(OneofDescriptorProtoSchema, { name: reader.identifier('the name of a oneof') });
  const index = proto.oneofDecl.push(oneof) - 1;
  const first = proto.field.length;
  reader.block(() => {
    if (reader.isWord('option') && !reader.isSymbol('.', 1)) {
      reader.next();
      const option = readOption(reader);
      reader.expectSymbol(';');
      const target = () => (oneof.options ??= create(OneofOptionsSchema));
      draft.options.push({ ...option, scope: fullName(scope, oneof.name), target });
    } else {
      parseField(draft, scope, { ...place, oneofIndex: index });
    }
  });
  if (proto.field.length === first) reader.fail(`the oneof ${oneof.name} needs at least one field`, start);
  locate(draft, [...path, ONEOF_DECL, index], start);
}

function parseExtensions(draft: FileDraft, scope: string, proto: DescriptorProto): void {
  const { reader } = draft;
  reader.next();
  const ranges = readRanges(reader, 1, MAX_MESSAGE_SET_NUMBER);
  const options = readInlineOptions(reader);
  reader.expectSymbol(';');
  for (const { start, end } of ranges) {
    const range = create(DescriptorProto_ExtensionRangeSchema, { start, end: end + 1 });
    proto.extensionRange.push(range);
    const target = () => (range.options ??= create(ExtensionRangeOptionsSchema));
    for (const option of options) draft.options.push({ ...option, scope, target });
    // `max` means something else in a message set, and the option may stand below.
    draft.checks.push(() => {
      const set = proto.options?.messageSetWireFormat === true;
      if (!set && range.end > MAX_FIELD_NUMBER + 1) range.end = MAX_FIELD_NUMBER + 1;
    });
  }
}

function parseReserved(draft: FileDraft, proto: DescriptorProto): void {
  const { reader } = draft;
  reader.next();
  const names = readReservedNames(draft);
  if (names !== undefined) for (const name of names) proto.reservedName.push(name);
  else {
    for (const { start, end } of readRanges(reader, 1, MAX_FIELD_NUMBER)) {
      proto.reservedRange.push(create(DescriptorProto_ReservedRangeSchema, { start, end: end + 1 }));
    }
  }
  reader.expectSymbol(';');
}

/**
 * A proto3 `optional` field is a oneof of its own, after all real ones, so that old readers see presence.
 * Source: https://github.com/protocolbuffers/protobuf/blob/main/docs/implementing_proto3_presence.md
 */
function addSyntheticOneofs(proto: DescriptorProto): void {
  const optional = proto.field.filter((field: FieldDescriptorProto) => field.proto3Optional);
  if (optional.length === 0) return;
  const taken = new Set([...proto.field, ...proto.oneofDecl].map((element) => element.name));
  for (const field of optional) {
    let name = field.name.startsWith('_') ? field.name : `_${field.name}`;
    while (taken.has(name)) name = `X${name}`;
    taken.add(name);
    field.oneofIndex = proto.oneofDecl.push(create(OneofDescriptorProtoSchema, { name })) - 1;
  }
}
