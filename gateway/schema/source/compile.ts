import { create, createFileRegistry, type DescMessage, type Registry } from '@bufbuild/protobuf';
import {
  EnumOptionsSchema,
  EnumValueOptionsSchema,
  ExtensionRangeOptionsSchema,
  FieldOptionsSchema,
  FieldDescriptorProto_Type as FieldType,
  type FileDescriptorProto,
  FileDescriptorSetSchema,
  FileOptionsSchema,
  MessageOptionsSchema,
  MethodOptionsSchema,
  OneofOptionsSchema,
  ServiceOptionsSchema,
} from '@bufbuild/protobuf/wkt';
import { SchemaError } from '../problem/index.js';
import type { FileDraft, PendingOption } from './draft.js';
import { interpretOption, isPlainOption } from './interpret.js';
import { createSymbolTable, linkDraft } from './link.js';

const OPTION_TYPES: ReadonlyMap<string, DescMessage> = new Map(
  [
    FileOptionsSchema,
    MessageOptionsSchema,
    FieldOptionsSchema,
    OneofOptionsSchema,
    EnumOptionsSchema,
    EnumValueOptionsSchema,
    ExtensionRangeOptionsSchema,
    ServiceOptionsSchema,
    MethodOptionsSchema,
  ].map((desc) => [desc.typeName, desc]),
);

/** A file of a compilation: parsed from source, or a descriptor that is complete already. */
export type InputFile = FileDraft | FileDescriptorProto;

/** The extensions and messages that options are made of, by full name. */
export type OptionTypes = Pick<Registry, 'getExtension' | 'getMessage'>;

/** What to do where files are not whole, or not right. */
export interface Tolerance {
  /** Hears of what is wrong; it is then left out, or left as it was written. */
  report(file: string, error: SchemaError): void;
  /** Hears of a type that is not found, by the name as written and the scope it stands in; the name is left as it is. */
  missing(name: string, scope: string, error: SchemaError): void;
  /** The types of the files, as far as they can be linked, ours included. */
  registryOf(files: FileDescriptorProto[]): OptionTypes;
}

const STRICT: Tolerance = {
  report(_file, error) {
    throw error;
  },
  missing(_name, _scope, error) {
    throw error;
  },
  registryOf: (files) => {
    try {
      return createFileRegistry(create(FileDescriptorSetSchema, { file: files }));
    } catch (error) {
      throw new SchemaError(error instanceof Error ? error.message : String(error), error);
    }
  },
};

/**
 * Makes complete descriptors. `files` must be whole (every import among them) and in order, imports first; the
 * result has the same order. The drafts are used up. Throws `SchemaError` naming file and line, unless `tolerance` says
 * what to do instead.
 */
export function compile(files: readonly InputFile[], tolerance: Tolerance = STRICT): FileDescriptorProto[] {
  const protos = files.map((file) => ('proto' in file ? file.proto : file));
  const drafts = files.filter((file) => 'proto' in file);
  const attempt = (file: string, step: () => void) => {
    try {
      step();
    } catch (error) {
      if (!(error instanceof SchemaError)) throw error;
      tolerance.report(file, error);
    }
  };
  const table = createSymbolTable(protos, (file, error) => tolerance.report(file, error));
  for (const draft of drafts) {
    linkDraft(draft, table, ({ name, scope }, error) => tolerance.missing(name, scope, error));
  }
  const plain: { draft: FileDraft; option: PendingOption }[] = [];
  const others: typeof plain = [];
  for (const draft of drafts)
    for (const option of draft.options) (isPlainOption(option) ? plain : others).push({ draft, option });
  const none = createFileRegistry(create(FileDescriptorSetSchema));
  // First what needs no extension: how the extensions themselves are encoded depends on it (features, packed).
  for (const { draft, option } of plain) {
    attempt(draft.proto.name, () =>
      interpretOption(option, { draft, table, registry: none, optionTypes: OPTION_TYPES }),
    );
  }
  const enumValues = enumValuesOf(protos);
  for (const draft of drafts) {
    for (const check of draft.checks) attempt(draft.proto.name, check);
    attempt(draft.proto.name, () => checkEnumDefaults(draft, enumValues));
  }
  const registry = tolerance.registryOf(protos);
  for (const { draft, option } of others) {
    attempt(draft.proto.name, () =>
      interpretOption(option, { draft, table, registry, optionTypes: OPTION_TYPES }),
    );
  }
  return protos;
}

function checkEnumDefaults(draft: FileDraft, enumValues: ReadonlyMap<string, ReadonlySet<string>>): void {
  // There are none in proto3.
  if (draft.syntax === 'proto3') return;
  const fields = draft.proto.messageType.flatMap(function all(message): typeof message.field {
    return [...message.field, ...message.extension, ...message.nestedType.flatMap(all)];
  });
  for (const field of [...fields, ...draft.proto.extension]) {
    if (field.type !== FieldType.ENUM || field.defaultValue === '') continue;
    if (enumValues.get(field.typeName)?.has(field.defaultValue) === true) continue;
    throw new SchemaError(
      `${draft.proto.name}: the default of ${field.name} is no value of ${field.typeName.slice(1)}: ${field.defaultValue}`,
    );
  }
}

/** The names of the values of every enum, by its full name with a leading dot. */
function enumValuesOf(protos: readonly FileDescriptorProto[]): Map<string, Set<string>> {
  const values = new Map<string, Set<string>>();
  const add = (scope: string, { enumType, nestedType }: Scope) => {
    for (const { name, value } of enumType)
      values.set(`${scope}.${name}`, new Set(value.map((one) => one.name)));
    for (const nested of nestedType) add(`${scope}.${nested.name}`, nested);
  };
  for (const file of protos) {
    add(file.package === '' ? '' : `.${file.package}`, {
      enumType: file.enumType,
      nestedType: file.messageType,
    });
  }
  return values;
}

type Scope = Pick<FileDescriptorProto['messageType'][number], 'enumType' | 'nestedType'>;
