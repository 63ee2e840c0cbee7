import { create, createFileRegistry, type DescMessage, type FileRegistry } from '@bufbuild/protobuf';
import {
  Edition,
  FeatureSet_EnumType,
  FeatureSet_FieldPresence,
  FeatureSet_MessageEncoding,
  FeatureSet_RepeatedFieldEncoding,
  type FieldDescriptorProto,
  FieldDescriptorProtoSchema,
  type FileDescriptorProto,
  FileDescriptorProtoSchema,
  FileDescriptorSetSchema,
  file_google_protobuf_any,
  file_google_protobuf_duration,
  file_google_protobuf_empty,
  file_google_protobuf_field_mask,
  file_google_protobuf_struct,
  file_google_protobuf_timestamp,
  file_google_protobuf_wrappers,
  FieldDescriptorProto_Label as Label,
  FieldDescriptorProto_Type as Type,
} from '@bufbuild/protobuf/wkt';
import type { Random } from './random.js';

const wellKnownFiles = [
  file_google_protobuf_any,
  file_google_protobuf_duration,
  file_google_protobuf_empty,
  file_google_protobuf_field_mask,
  file_google_protobuf_struct,
  file_google_protobuf_timestamp,
  file_google_protobuf_wrappers,
];
const wellKnownTypes = [
  'Any',
  'Timestamp',
  'Duration',
  'Empty',
  'FieldMask',
  'Struct',
  'Value',
  'ListValue',
  'DoubleValue',
  'FloatValue',
  'Int64Value',
  'UInt64Value',
  'Int32Value',
  'UInt32Value',
  'BoolValue',
  'StringValue',
  'BytesValue',
];

export type Syntax = 'proto2' | 'proto3' | 'editions';

const SCALARS = [
  Type.DOUBLE,
  Type.FLOAT,
  Type.INT64,
  Type.UINT64,
  Type.INT32,
  Type.FIXED64,
  Type.FIXED32,
  Type.BOOL,
  Type.STRING,
  Type.BYTES,
  Type.UINT32,
  Type.SFIXED32,
  Type.SFIXED64,
  Type.SINT32,
  Type.SINT64,
];
const KEY_SCALARS = SCALARS.filter(
  (type) => type !== Type.DOUBLE && type !== Type.FLOAT && type !== Type.BYTES,
);
/** Names that are traps in JavaScript; and plain ones. */
const NAMES = ['__proto__', 'constructor', 'to_string', 'value_of', 'length', 'name', 'case', 'value'];
const JSON_NAMES = [
  'with"quote',
  'back\\slash',
  'größe',
  '日本',
  'a b',
  '😀',
  'line\u2028',
  'tab\t',
  '$',
  '',
  '__proto__',
  'x',
];

/** A file of random messages and enums, in package "r". */
export function randomSchema(random: Random): { registry: FileRegistry; types: DescMessage[] } {
  const syntax = random.pick<Syntax>(['proto2', 'proto3', 'editions']);
  const file = randomFile(random, syntax);
  const files = [...wellKnownFiles.map((desc) => desc.proto), file];
  const registry = createFileRegistry(create(FileDescriptorSetSchema, { file: files }));
  const messages = registry.getFile(file.name)?.messages ?? [];
  return { registry, types: [...messages] };
}

function randomFile(random: Random, syntax: Syntax): FileDescriptorProto {
  const file = create(FileDescriptorProtoSchema, {
    name: 'r.proto',
    package: 'r',
    syntax,
    dependency: wellKnownFiles.map((desc) => desc.proto.name),
  });
  if (syntax === 'editions') {
    file.edition = Edition.EDITION_2023;
  }
  const enums = ['E0', 'E1'];
  for (const name of enums) {
    const closed = syntax === 'editions' && random.once(2);
    const numbers = new Set([syntax === 'proto2' || closed ? random.below(3) : 0]);
    for (let count = random.below(5); count > 0; count -= 1) {
      numbers.add(random.pick([1, 2, -1, 127, 128, 300, 2147483647, -2147483648, random.bits() | 0]));
    }
    const values = [...numbers].map((number, index) => ({ name: `${name}_V${index}`, number }));
    if (random.once(4)) values.push({ name: `${name}_ALIAS`, number: values[0]?.number ?? 0 });
    file.enumType.push({
      $typeName: 'google.protobuf.EnumDescriptorProto',
      name,
      value: values.map((value) => ({ $typeName: 'google.protobuf.EnumValueDescriptorProto', ...value })),
      options: {
        $typeName: 'google.protobuf.EnumOptions',
        allowAlias: true,
        uninterpretedOption: [],
        ...(closed ? { features: features({ enumType: FeatureSet_EnumType.CLOSED }) } : {}),
      },
      reservedRange: [],
      reservedName: [],
    } as unknown as FileDescriptorProto['enumType'][number]);
  }
  const messages = ['M0', 'M1', 'M2', 'M3'];
  for (const name of messages) {
    const message = {
      $typeName: 'google.protobuf.DescriptorProto',
      name,
      field: [] as FieldDescriptorProto[],
      extension: [] as FieldDescriptorProto[],
      nestedType: [] as unknown[],
      enumType: [],
      extensionRange:
        syntax === 'proto3'
          ? []
          : [{ $typeName: 'google.protobuf.DescriptorProto.ExtensionRange', start: 5000, end: 6000 }],
      oneofDecl: [] as unknown[],
      reservedRange: [],
      reservedName: [],
    };
    randomFields(random, syntax, message, enums, messages, closedEnums(file, syntax));
    file.messageType.push(message as unknown as FileDescriptorProto['messageType'][number]);
  }
  if (syntax !== 'proto3') randomExtensions(random, syntax, file, enums, messages);
  return file;
}

function closedEnums(file: FileDescriptorProto, syntax: Syntax): Set<string> {
  if (syntax === 'proto2') return new Set(file.enumType.map((type) => type.name));
  return new Set(
    file.enumType
      .filter((type) => type.options?.features?.enumType === FeatureSet_EnumType.CLOSED)
      .map((type) => type.name),
  );
}

interface MessageInit {
  name: string;
  field: FieldDescriptorProto[];
  nestedType: unknown[];
  oneofDecl: unknown[];
}

function randomFields(
  random: Random,
  syntax: Syntax,
  message: MessageInit,
  enums: string[],
  messages: string[],
  closed: Set<string>,
): void {
  const count = random.below(12);
  const used = new Set<number>();
  const jsonNames = new Set<string>();
  const names = random.shuffle(NAMES);
  const optional: FieldDescriptorProto[] = [];
  const oneofCount = random.below(3);
  for (let index = 0; index < oneofCount; index += 1) message.oneofDecl.push(oneofInit(`choice_${index}`));
  const oneofsUsed = new Set<number>();
  for (let index = 0; index < count; index += 1) {
    const field = create(FieldDescriptorProtoSchema, { label: Label.OPTIONAL });
    field.name = random.once(4) ? (names.pop() ?? `f_${index}`) : `f_${index}`;
    field.jsonName = camel(field.name);
    if (random.once(5)) field.jsonName = random.pick(JSON_NAMES);
    if (field.jsonName === '' || jsonNames.has(field.jsonName) || jsonNames.has(field.name)) {
      field.name = `f_${index}`;
      field.jsonName = `f${index}`;
    }
    jsonNames.add(field.jsonName);
    jsonNames.add(field.name);
    field.number = randomNumber(random, used);
    chooseType(random, field, enums, messages, message, syntax);
    const shape = random.below(10);
    if (shape < 3 && field.type !== Type.GROUP) {
      field.label = Label.REPEATED;
      if (random.once(2) && packable(field.type) && syntax !== 'editions') {
        field.options = { packed: random.once(2) } as never;
        field.options = options({ packed: random.once(2) });
      }
      if (syntax === 'editions' && random.once(2) && packable(field.type)) {
        field.options = options({
          features: features({ repeatedFieldEncoding: FeatureSet_RepeatedFieldEncoding.EXPANDED }),
        });
      }
    } else if (shape === 3) {
      makeMap(random, field, message, enums, messages, syntax, closed);
    } else if (shape < 6 && oneofCount > 0) {
      field.oneofIndex = random.below(oneofCount);
      oneofsUsed.add(field.oneofIndex);
    } else if (shape === 6 && syntax === 'proto3' && field.type !== Type.MESSAGE) {
      field.proto3Optional = true;
      optional.push(field);
    } else if (shape === 6 && syntax === 'proto2' && random.once(3)) field.label = Label.REQUIRED;
    else if (shape === 6 && syntax === 'editions' && field.type !== Type.MESSAGE) {
      const isClosed = field.type === Type.ENUM && closed.has(field.typeName.slice(3));
      if (!isClosed) {
        field.options = options({ features: features({ fieldPresence: FeatureSet_FieldPresence.IMPLICIT }) });
      }
    } else if (shape === 7 && syntax === 'editions' && random.once(3)) {
      field.options = options({
        features: features({ fieldPresence: FeatureSet_FieldPresence.LEGACY_REQUIRED }),
      });
    } else if (shape === 8 && syntax === 'editions' && field.type === Type.MESSAGE) {
      field.options = options({
        features: features({ messageEncoding: FeatureSet_MessageEncoding.DELIMITED }),
      });
    }
    message.field.push(field);
  }
  // A oneof needs a member.
  for (let index = 0; index < oneofCount; index += 1) {
    if (oneofsUsed.has(index)) continue;
    message.field.push(
      create(FieldDescriptorProtoSchema, {
        name: `member_${index}`,
        jsonName: `member${index}`,
        number: randomNumber(random, used),
        label: Label.OPTIONAL,
        type: Type.STRING,
        oneofIndex: index,
      }),
    );
  }
  for (const field of optional) {
    field.oneofIndex = message.oneofDecl.length;
    message.oneofDecl.push(oneofInit(`_${field.name}`));
  }
}

function chooseType(
  random: Random,
  field: FieldDescriptorProto,
  enums: string[],
  messages: string[],
  message: MessageInit,
  syntax: Syntax,
): void {
  const choice = random.below(10);
  if (choice < 5) field.type = random.pick(SCALARS);
  else if (choice === 5) {
    field.type = Type.ENUM;
    field.typeName =
      random.once(4) && syntax === 'proto3' ? '.google.protobuf.NullValue' : `.r.${random.pick(enums)}`;
  } else if (choice === 6 && syntax === 'proto2') {
    field.type = Type.GROUP;
    field.typeName = `.r.${random.pick(messages)}`;
  } else {
    field.type = Type.MESSAGE;
    field.typeName = random.once(2)
      ? `.r.${random.pick(messages)}`
      : `.google.protobuf.${random.pick(wellKnownTypes)}`;
  }
  void message;
}

function makeMap(
  random: Random,
  field: FieldDescriptorProto,
  message: MessageInit,
  enums: string[],
  messages: string[],
  syntax: Syntax,
  closed: Set<string>,
): void {
  const entryName = `Entry${field.number}`;
  const value = create(FieldDescriptorProtoSchema, {
    name: 'value',
    jsonName: 'value',
    number: 2,
    label: Label.OPTIONAL,
  });
  do chooseType(random, value, enums, messages, message, syntax);
  while (value.type === Type.GROUP);
  void closed;
  const key = create(FieldDescriptorProtoSchema, {
    name: 'key',
    jsonName: 'key',
    number: 1,
    label: Label.OPTIONAL,
    type: random.pick(KEY_SCALARS),
  });
  message.nestedType.push({
    $typeName: 'google.protobuf.DescriptorProto',
    name: entryName,
    field: [key, value],
    extension: [],
    nestedType: [],
    enumType: [],
    extensionRange: [],
    oneofDecl: [],
    reservedRange: [],
    reservedName: [],
    options: { $typeName: 'google.protobuf.MessageOptions', mapEntry: true, uninterpretedOption: [] },
  });
  field.label = Label.REPEATED;
  field.type = Type.MESSAGE;
  field.typeName = `.r.${message.name}.${entryName}`;
}

function randomExtensions(
  random: Random,
  syntax: Syntax,
  file: FileDescriptorProto,
  enums: string[],
  messages: string[],
): void {
  const count = random.below(4);
  for (let index = 0; index < count; index += 1) {
    const field = create(FieldDescriptorProtoSchema, {
      name: `ext_${index}`,
      jsonName: `ext${index}`,
      number: 5000 + index * 7,
      extendee: `.r.${random.pick(messages)}`,
      label: random.once(3) ? Label.REPEATED : Label.OPTIONAL,
    });
    chooseType(random, field, enums, messages, file.messageType[0] as unknown as MessageInit, syntax);
    file.extension.push(field);
  }
}

function randomNumber(random: Random, used: Set<number>): number {
  for (;;) {
    const number = random.pick([
      1 + random.below(15),
      1 + random.below(15),
      1 + random.below(15),
      16 + random.below(100),
      128 + random.below(2000),
      536870911 - random.below(3),
    ]);
    if (used.has(number)) continue;
    used.add(number);
    return number;
  }
}

function packable(type: Type): boolean {
  return type !== Type.STRING && type !== Type.BYTES && type !== Type.MESSAGE && type !== Type.GROUP;
}

function camel(name: string): string {
  return name.replace(/_+([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}

function oneofInit(name: string): unknown {
  return { $typeName: 'google.protobuf.OneofDescriptorProto', name };
}

function features(init: Record<string, unknown>): never {
  return { $typeName: 'google.protobuf.FeatureSet', ...init } as never;
}

function options(init: Record<string, unknown>): never {
  return {
    $typeName: 'google.protobuf.FieldOptions',
    uninterpretedOption: [],
    targets: [],
    editionDefaults: [],
    ...init,
  } as never;
}
