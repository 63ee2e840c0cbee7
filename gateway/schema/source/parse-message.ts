import {
  ExtensionRangeOptionsSchema,
  MessageOptionsSchema,
  OneofOptionsSchema,
} from '@bufbuild/protobuf/wkt';
import { type FileDraft, fullName, MessageDraft, OneofDraft, RangeDraft } from './draft.js';
import { readInlineOptions } from './inline-options.js';
import { readOption } from './option-value.js';
import { optionsOf } from './options-draft.js';
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
/** MessageOptions.message_set_wire_format. */
const { messageSetWireFormat: MESSAGE_SET } = MessageOptionsSchema.field;

/** Reads `message Name { ... }` into `into`, which is the list with this number in its parent. */
export function parseMessageDeclaration(
  draft: FileDraft,
  scope: string,
  number: number,
  into: MessageDraft[],
): void {
  const { reader, locations } = draft;
  const start = reader.place();
  reader.next();
  const message = new MessageDraft(reader.identifier('the name of a message'));
  locations.enter(number, into.push(message) - 1);
  parseMessageBody(draft, fullName(scope, message.name), message);
  locations.leave(start, reader);
}

/** Reads the `{ ... }` of a message or a group. */
export function parseMessageBody(draft: FileDraft, scope: string, message: MessageDraft): void {
  const place: FieldPlace = {
    number: FIELD,
    fields: message.field,
    groupNumber: NESTED_TYPE,
    groups: message.nestedType,
    isMessage: true,
    oneofIndex: -1,
    readBody: parseMessageBody,
  };
  draft.reader.block(() => parseElement(draft, scope, message, place));
  addSyntheticOneofs(message);
}

function parseElement(draft: FileDraft, scope: string, message: MessageDraft, place: FieldPlace): void {
  const { reader } = draft;
  const read = reader.kind === 'word' ? ELEMENTS.get(reader.text) : undefined;
  // A word that begins a statement may also begin a type: `message.Type field = 1`.
  if (read === undefined || reader.isNext('.')) parseField(draft, scope, place);
  else read(draft, scope, message, place);
}

type ElementReader = typeof parseElement;

/** What begins with a word of its own. */
const ELEMENTS: ReadonlyMap<string, ElementReader> = new Map<string, ElementReader>([
  [
    'message',
    (draft, scope, message) => parseMessageDeclaration(draft, scope, NESTED_TYPE, message.nestedType),
  ],
  ['enum', (draft, scope, message) => parseEnumDeclaration(draft, scope, ENUM_TYPE, message.enumType)],
  [
    'extend',
    (draft, scope, message, place) =>
      parseExtend(draft, scope, {
        ...place,
        number: EXTENSION,
        fields: message.extension,
        isMessage: false,
      }),
  ],
  ['oneof', parseOneof],
  ['extensions', parseExtensions],
  ['reserved', (draft, _scope, message) => parseReserved(draft, message)],
  [
    'option',
    (draft, scope, message) => {
      const { reader } = draft;
      reader.next();
      const option = readOption(reader);
      reader.expectSymbol(';');
      optionsOf(draft, message, MessageOptionsSchema, scope).pending.push(option);
    },
  ],
]);

/** Reads `extend Type { ... }`. */
export function parseExtend(draft: FileDraft, scope: string, place: FieldPlace): void {
  const { reader } = draft;
  draft.isExtending = true;
  reader.next();
  const at = reader.start;
  const extendee = reader.qualifiedName('the name of a message');
  const first = place.fields.length;
  reader.block(() => parseField(draft, scope, place));
  for (const field of place.fields.slice(first)) {
    field.extendee = extendee;
    field.extendeeAt = at;
  }
}

function parseOneof(draft: FileDraft, scope: string, message: MessageDraft, place: FieldPlace): void {
  const { reader, locations } = draft;
  const start = reader.place();
  reader.next();
  const oneof = new OneofDraft(reader.identifier('the name of a oneof'));
  const index = message.oneofDecl.push(oneof) - 1;
  const first = message.field.length;
  const inside = { ...place, oneofIndex: index };
  reader.block(() => {
    if (reader.isWord('option') && !reader.isNext('.')) {
      reader.next();
      const option = readOption(reader);
      reader.expectSymbol(';');
      optionsOf(draft, oneof, OneofOptionsSchema, scope).pending.push(option);
    } else {
      parseField(draft, scope, inside);
    }
  });
  if (message.field.length === first)
    reader.fail(`the oneof ${oneof.name} needs at least one field`, start.at);
  locations.enter(ONEOF_DECL, index);
  locations.leave(start, reader);
}

function parseExtensions(draft: FileDraft, scope: string, message: MessageDraft): void {
  const { reader } = draft;
  reader.next();
  const ranges = readRanges(reader, 1, MAX_MESSAGE_SET_NUMBER);
  const options = readInlineOptions(reader);
  reader.expectSymbol(';');
  for (const { start, end } of ranges) {
    const range = new RangeDraft(start, end + 1);
    message.extensionRange.push(range);
    for (const option of options)
      optionsOf(draft, range, ExtensionRangeOptionsSchema, scope).pending.push(option);
    // `max` means something else in a message set, and the option may stand below.
    draft.checks.push(() => {
      const set = message.options?.message?.valueOf(MESSAGE_SET) === true;
      if (!set && range.end > MAX_FIELD_NUMBER + 1) range.end = MAX_FIELD_NUMBER + 1;
    });
  }
}

function parseReserved(draft: FileDraft, message: MessageDraft): void {
  const { reader } = draft;
  reader.next();
  const names = readReservedNames(draft);
  if (names !== undefined) for (const name of names) message.reservedName.push(name);
  else {
    for (const { start, end } of readRanges(reader, 1, MAX_FIELD_NUMBER))
      message.reservedRange.push(new RangeDraft(start, end + 1));
  }
  reader.expectSymbol(';');
}

/**
 * A proto3 `optional` field is a oneof of its own, after all real ones, so that old readers see presence.
 * Source: https://github.com/protocolbuffers/protobuf/blob/main/docs/implementing_proto3_presence.md
 */
function addSyntheticOneofs(message: MessageDraft): void {
  const optional = message.field.filter((field) => field.proto3Optional);
  if (optional.length === 0) return;
  const taken = new Set([...message.field, ...message.oneofDecl].map((element) => element.name));
  for (const field of optional) {
    let name = field.name.startsWith('_') ? field.name : `_${field.name}`;
    while (taken.has(name)) name = `X${name}`;
    taken.add(name);
    field.oneofIndex = message.oneofDecl.push(new OneofDraft(name)) - 1;
  }
}
