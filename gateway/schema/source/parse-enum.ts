import { EnumOptionsSchema, EnumValueOptionsSchema } from '@bufbuild/protobuf/wkt';
import { EnumDraft, EnumValueDraft, type FileDraft, fullName, RangeDraft } from './draft.js';
import { readInlineOptions } from './inline-options.js';
import { readOption } from './option-value.js';
import { optionsOf } from './options-draft.js';
import { readRanges, readReservedNames } from './ranges.js';

const INT32_MIN = -2_147_483_648;
const INT32_MAX = 2_147_483_647;
/** What stands where in google.protobuf.EnumDescriptorProto. */
const VALUE = 2;

/** Reads `enum Name { ... }` into `into`, which is the list with this number in its parent. */
export function parseEnumDeclaration(
  draft: FileDraft,
  scope: string,
  number: number,
  into: EnumDraft[],
): void {
  const { reader, locations } = draft;
  const start = reader.place();
  reader.next();
  const declared = new EnumDraft(reader.identifier('the name of an enum'));
  locations.enter(number, into.push(declared) - 1);
  const name = fullName(scope, declared.name);
  reader.block(() => {
    if (reader.isWord('option') && !reader.isNext('=')) {
      reader.next();
      const option = readOption(reader);
      reader.expectSymbol(';');
      optionsOf(draft, declared, EnumOptionsSchema, name).pending.push(option);
    } else if (reader.isWord('reserved') && !reader.isNext('=')) {
      reader.next();
      const names = readReservedNames(draft);
      if (names !== undefined) for (const one of names) declared.reservedName.push(one);
      else {
        // Unlike those of a message, these ranges include their end.
        for (const range of readRanges(reader, INT32_MIN, INT32_MAX))
          declared.reservedRange.push(new RangeDraft(range.start, range.end));
      }
      reader.expectSymbol(';');
    } else {
      parseValue(draft, scope, declared);
    }
  });
  if (declared.value.length === 0) reader.fail(`the enum ${name} needs at least one value`, start.at);
  locations.leave(start, reader);
}

function parseValue(draft: FileDraft, scope: string, parent: EnumDraft): void {
  const { reader, locations } = draft;
  const start = reader.place();
  locations.enter(VALUE, parent.value.length);
  const name = reader.identifier('the name of an enum value');
  reader.expectSymbol('=');
  const value = new EnumValueDraft(name, reader.integer('the number of an enum value', INT32_MIN, INT32_MAX));
  parent.value.push(value);
  // A value is a sibling of its enum, and declared where that is.
  for (const option of readInlineOptions(reader))
    optionsOf(draft, value, EnumValueOptionsSchema, scope).pending.push(option);
  reader.expectSymbol(';');
  locations.leave(start, reader);
}
