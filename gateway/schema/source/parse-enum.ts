import { create } from '@bufbuild/protobuf';
import {
  type EnumDescriptorProto,
  EnumDescriptorProto_EnumReservedRangeSchema,
  EnumDescriptorProtoSchema,
  EnumOptionsSchema,
  EnumValueDescriptorProtoSchema,
  EnumValueOptionsSchema,
} from '@bufbuild/protobuf/wkt';
import { type FileDraft, fullName, locate } from './draft.js';
import { readInlineOptions } from './inline-options.js';
import { readOption } from './option-value.js';
import { readRanges, readReservedNames } from './ranges.js';

const INT32_MIN = -2_147_483_648;
const INT32_MAX = 2_147_483_647;

/** Reads `enum Name { ... }` into `into`. */
export function parseEnumDeclaration(
  draft: FileDraft,
  scope: string,
  path: number[],
  into: EnumDescriptorProto[],
): void {
  const { reader } = draft;
  const start = reader.next();
  const proto = create(EnumDescriptorProtoSchema, { name: reader.identifier('the name of an enum') });
  into.push(proto);
  const name = fullName(scope, proto.name);
  reader.block(() => {
    if (reader.isWord('option') && !reader.isSymbol('=', 1)) {
      reader.next();
      const option = readOption(reader);
      reader.expectSymbol(';');
      draft.options.push({
        ...option,
        scope: name,
        target: () => (proto.options ??= create(EnumOptionsSchema)),
      });
    } else if (reader.isWord('reserved') && !reader.isSymbol('=', 1)) {
      reader.next();
      const names = readReservedNames(draft);
      if (names !== undefined) for (const name of names) proto.reservedName.push(name);
      else {
        // Unlike those of a message, these ranges include their end.
        for (const range of readRanges(reader, INT32_MIN, INT32_MAX)) {
          proto.reservedRange.push(create(EnumDescriptorProto_EnumReservedRangeSchema, range));
        }
      }
      reader.expectSymbol(';');
    } else {
      parseValue(draft, scope, [...path, 2, proto.value.length], proto);
    }
  });
  if (proto.value.length === 0) reader.fail(`the enum ${name} needs at least one value`, start);
  locate(draft, path, start);
}

function parseValue(draft: FileDraft, scope: string, path: number[], parent: EnumDescriptorProto): void {
  const { reader } = draft;
  const start = reader.peek();
  const proto = create(EnumValueDescriptorProtoSchema, {
    name: reader.identifier('the name of an enum value'),
  });
  reader.expectSymbol('=');
  proto.number = reader.integer('the number of an enum value', INT32_MIN, INT32_MAX);
  parent.value.push(proto);
  for (const option of readInlineOptions(reader)) {
    // A value is a sibling of its enum, so its full name has the scope of the enum.
    const target = () => (proto.options ??= create(EnumValueOptionsSchema));
    draft.options.push({ ...option, scope: fullName(scope, proto.name), target });
  }
  reader.expectSymbol(';');
  locate(draft, path, start);
}
