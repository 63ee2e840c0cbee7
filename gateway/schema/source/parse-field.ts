import {
  FieldOptionsSchema,
  FieldDescriptorProto_Label as Label,
  FieldDescriptorProto_Type as Type,
} from '@bufbuild/protobuf/wkt';
import { jsonNameFromProto } from '../base/index.js';
import { protoDefaultText } from './default-value.js';
import { FieldDraft, type FileDraft, fullName, MessageDraft } from './draft.js';
import { readInlineOptions } from './inline-options.js';
import { optionsOf } from './options-draft.js';
import { bytesFromLiteral, MAX_FIELD_NUMBER } from './token-reader.js';

/** Where a field goes. */
export interface FieldPlace {
  /** The list of fields, and its number in the parent. */
  readonly number: number;
  readonly fields: FieldDraft[];
  /** Where the message of a group or of a map entry goes. */
  readonly groupNumber: number;
  readonly groups: MessageDraft[];
  /** Whether they are the fields of a message, and no extensions. */
  readonly isMessage: boolean;
  /** -1: in no oneof. */
  readonly oneofIndex: number;
  /** Reads the body of a group, which is a message; given, because a message is made of fields. */
  readonly readBody: (draft: FileDraft, scope: string, message: MessageDraft) => void;
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
const NO_KEYS: ReadonlySet<Type | 0> = new Set([0, Type.DOUBLE, Type.FLOAT, Type.BYTES]);
const LABELS: ReadonlyMap<string, Label> = new Map([
  ['optional', Label.OPTIONAL],
  ['required', Label.REQUIRED],
  ['repeated', Label.REPEATED],
]);

/** Reads one field, map or group. */
export function parseField(draft: FileDraft, scope: string, place: FieldPlace): void {
  const { reader, locations } = draft;
  const start = reader.place();
  const field = new FieldDraft();
  const isLabelled = readLabel(draft, field, place);
  if (isMap(draft)) {
    if (isLabelled || !place.isMessage) reader.fail('a map has no label and is no extension', start.at);
    if (place.oneofIndex !== -1) reader.fail('a map cannot be in a oneof', start.at);
    parseMap(draft, scope, place, field);
  } else if (reader.isWord('group') && reader.isNextWordBefore('=')) {
    reader.next();
    if (draft.syntax !== 'proto2') reader.fail('groups exist in proto2 only', start.at);
    parseGroup(draft, scope, place, field);
  } else {
    readType(draft, field);
    field.name = reader.identifier('the name of a field');
    readNumberAndOptions(draft, scope, field);
    place.fields.push(field);
    reader.expectSymbol(';');
  }
  // Behind what a group has in it: nothing needs the path of a field before.
  locations.enter(place.number, place.fields.length - 1);
  locations.leave(start, reader);
}

function isMap({ reader }: FileDraft): boolean {
  return reader.isWord('map') && reader.isNext('<');
}

function parseGroup(draft: FileDraft, scope: string, place: FieldPlace, field: FieldDraft): void {
  const { reader, locations } = draft;
  const at = reader.start;
  const typeName = reader.identifier('the name of a group');
  if (!/^[A-Z]/.test(typeName)) reader.fail('the name of a group begins with a capital letter', at);
  field.name = typeName.toLowerCase();
  field.type = Type.GROUP;
  field.typeName = `.${fullName(scope, typeName)}`;
  readNumberAndOptions(draft, scope, field);
  const group = new MessageDraft(typeName);
  place.fields.push(field);
  locations.enter(place.groupNumber, place.groups.push(group) - 1);
  place.readBody(draft, fullName(scope, typeName), group);
  locations.forget();
}

function readLabel(draft: FileDraft, field: FieldDraft, place: FieldPlace): boolean {
  const { reader, syntax } = draft;
  const start = reader.start;
  const label = reader.kind === 'word' ? LABELS.get(reader.text) : undefined;
  field.label = label ?? Label.OPTIONAL;
  if (place.oneofIndex !== -1) {
    if (label !== undefined) reader.fail('a field of a oneof has no label', start);
    field.oneofIndex = place.oneofIndex;
    return false;
  }
  if (label === undefined) {
    if (syntax === 'proto2' && !isMap(draft))
      reader.fail('a field needs "optional", "required" or "repeated" in proto2');
    return false;
  }
  reader.next();
  if (label === Label.REQUIRED && syntax !== 'proto2') reader.fail('"required" exists in proto2 only', start);
  if (label === Label.OPTIONAL && syntax === 'editions') {
    reader.fail('"optional" does not exist in editions, see features.field_presence', start);
  }
  if (label === Label.OPTIONAL && syntax === 'proto3') field.proto3Optional = true;
  return true;
}

/** What is no scalar stays as it is written until `linkDraft` finds it. */
function readType({ reader }: FileDraft, field: FieldDraft): void {
  field.typeAt = reader.start;
  const name = reader.qualifiedName('the type of a field');
  field.type = SCALARS.get(name) ?? 0;
  if (field.type === 0) field.typeName = name;
}

function readNumberAndOptions(draft: FileDraft, scope: string, field: FieldDraft): void {
  const { reader } = draft;
  reader.expectSymbol('=');
  const at = reader.start;
  field.number = reader.integer('the number of a field', 1, MAX_FIELD_NUMBER);
  if (field.number >= 19_000 && field.number <= 19_999) reader.fail('19000 to 19999 belong to protobuf', at);
  if (!reader.isSymbol('[')) return;
  for (const option of readInlineOptions(reader)) {
    const name = option.name.length === 1 && option.name[0]?.extension === false ? option.name[0].name : '';
    if (name === 'default') {
      // Which text is right depends on the type, and an enum is known only after linking.
      draft.checks.push(() => {
        field.defaultValue = protoDefaultText(field, option.value, reader);
      });
    } else if (name === 'json_name') {
      if (option.value.kind !== 'string') reader.fail('json_name is a string', option.at);
      else field.jsonName = Buffer.from(bytesFromLiteral(option.value.literal)).toString('utf8');
    } else {
      optionsOf(draft, field, FieldOptionsSchema, scope).pending.push(option);
    }
  }
}

/** A map is a repeated message of two fields. Source: google/protobuf/descriptor.proto, MessageOptions.map_entry. */
function parseMap(draft: FileDraft, scope: string, place: FieldPlace, field: FieldDraft): void {
  const { reader } = draft;
  reader.next();
  reader.expectSymbol('<');
  const key = entryField('key', 1);
  const keyAt = reader.start;
  const keyText = reader.text;
  readType(draft, key);
  if (NO_KEYS.has(key.type))
    reader.fail(`a map key is an integer, a bool or a string, found "${keyText}"`, keyAt);
  reader.expectSymbol(',');
  const value = entryField('value', 2);
  readType(draft, value);
  reader.expectSymbol('>');
  field.name = reader.identifier('the name of a field');
  readNumberAndOptions(draft, scope, field);
  reader.expectSymbol(';');
  const camel = jsonNameFromProto(field.name);
  const entry = new MessageDraft(`${camel.charAt(0).toUpperCase()}${camel.slice(1)}Entry`);
  entry.field.push(key, value);
  entry.isMapEntry = true;
  field.label = Label.REPEATED;
  field.type = Type.MESSAGE;
  field.typeName = `.${fullName(scope, entry.name)}`;
  place.groups.push(entry);
  place.fields.push(field);
}

function entryField(name: string, number: number): FieldDraft {
  const field = new FieldDraft();
  field.name = name;
  field.number = number;
  return field;
}
