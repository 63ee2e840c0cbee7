import { FieldDescriptorProto_Type as FieldType } from '@bufbuild/protobuf/wkt';
import { SchemaError } from '../problem/index.js';
import type { FieldDraft, FileDraft, MessageDraft } from './draft.js';
import type { SymbolTable } from './symbol-table.js';

/** Throws `SchemaError` for a default that is no value of its enum. */
export function checkEnumDefaults(
  { name, syntax, extension, messageType }: FileDraft,
  table: SymbolTable,
): void {
  // There are none in proto3.
  if (syntax === 'proto3') return;
  for (const field of [...messageType.flatMap(fieldsOf), ...extension]) {
    const { type, typeName, defaultValue = '' } = field;
    if (type !== FieldType.ENUM || defaultValue === '') continue;
    if (table.hasValue(typeName.slice(1), defaultValue)) continue;
    throw new SchemaError(
      `${name}: the default of ${field.name} is no value of ${typeName.slice(1)}: ${defaultValue}`,
    );
  }
}

function fieldsOf(message: MessageDraft): FieldDraft[] {
  return [...message.field, ...message.extension, ...message.nestedType.flatMap(fieldsOf)];
}
