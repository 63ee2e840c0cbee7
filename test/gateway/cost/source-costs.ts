import { create, createFileRegistry } from '@bufbuild/protobuf';
import {
  FieldDescriptorProto_Type,
  FileDescriptorProtoSchema,
  FileDescriptorSetSchema,
} from '@bufbuild/protobuf/wkt';
import { fieldComment } from '../../../gateway/schema/describe/comments.js';
import { compile, parseFile } from '../../../gateway/schema/source/index.js';
import { type Cost, fill, list, textCosts } from './growth.js';
import { NUMBERS } from './json-costs.js';

/** A byte of these becomes a hundred of tokens: with more of it the garbage collector would be measured. */
const LARGEST_OF_TOKENS = 32 * 1024;

const HEAD = 'syntax = "proto3";\n';
const SOURCES: Readonly<Record<string, (size: number) => string>> = {
  messages: (size) => HEAD + list(size, 16, (n) => `message M${n} {}`, '\n'),
  'messages that name each other': (size) =>
    `${HEAD}package a.b.c;\n${list(size, 40, (n) => `message M${n} { a.b.c.M${n} f = 1; }`, '\n')}`,
  fields: (size) =>
    `${HEAD}message M { ${list(size, 20, (n) => `int32 f${n} = ${n < 18_000 ? n + 1 : n + 20_000};`)} }`.replaceAll(
      ';,',
      ';',
    ),
  'optional fields': (size) =>
    `${HEAD}message M { ${list(size, 28, (n) => `optional int32 f${n} = ${n < 18_000 ? n + 1 : n + 20_000};`, ' ')} }`,
  oneofs: (size) =>
    `${HEAD}message M { ${list(size, 36, (n) => `oneof o${n} { int32 f${n} = ${n + 1}; }`, ' ')} }`,
  imports: (size) => HEAD + list(size, 18, (n) => `import "f${n}.proto";`, '\n'),
  'one import twice at the end': (size) =>
    `${HEAD}${list(size, 18, (n) => `import "f${n}.proto";`, '\n')}import "f1.proto";`,
  'values of an enum': (size) =>
    `${HEAD}enum E { Z = 0; ${list(size, 12, (n) => `V${n} = ${n + 1};`, ' ')} }`,
  'enums and defaults': (size) =>
    list(
      size,
      60,
      (n) => `enum E${n} { V${n} = 0; } message M${n} { optional E${n} f = 1 [default = V${n}]; }`,
      '\n',
    ),
  'reserved numbers': (size) => `${HEAD}message M { reserved ${list(size, 6, (n) => `${n + 1}`)}; }`,
  'reserved names': (size) => `${HEAD}message M { reserved ${list(size, 8, (n) => `"n${n}"`)}; }`,
  'extension ranges': (size) => `message M { extensions ${list(size, 7, (n) => `${2 * n + 1}`)}; }`,
  'nested messages': (size) => `${HEAD}${fill('message M {', size)}`,
  'brackets of an option': (size) => `${HEAD}option a = ${fill('{ a ', size)}`,
  options: (size) => `${HEAD}${list(size, 34, (n) => `option java_package = "p${n}";`, '\n')}`,
  'options of fields': (size) =>
    `${HEAD}message M { ${list(size, 44, (n) => `int32 f${n} = ${n + 1} [deprecated = true, packed = false];`, ' ')} }`,
  'a custom list, value by value': (size) =>
    `import "google/protobuf/descriptor.proto"; extend google.protobuf.FileOptions { repeated string tags = 50000; }\n${fill('option (tags) = "a";\n', size)}`,
  comments: (size) => `${HEAD}${fill('// a\n', size)}message M {}`,
  'one long comment': (size) => `${HEAD}/*${fill('\n  * ', size)}*/ message M {}`,
  'a comment without end': (size) => `${HEAD}/${fill('*', size)}`,
  blanks: (size) => `${HEAD}${fill(' \t\r', size)}message M {}`,
  'a string of escapes': (size) => `${HEAD}option java_package = "${fill('\\x41', size)}";`,
  'strings in a row': (size) => `${HEAD}option java_package = ${fill('"a" ', size)};`,
  'a string without end': (size) => `${HEAD}option java_package = "${fill('\\"', size)}`,
  'a long word': (size) => `${HEAD}message ${fill('M', size)} {}`,
};

const TOKENS: Readonly<Record<string, (size: number) => string>> = {
  semicolons: (size) => `${HEAD}${fill(';', size)}`,
  'a name of dots': (size) => `${HEAD}message M { ${fill('a.', size)}b f = 1; }`,
  'a package of dots': (size) => `${HEAD}package ${fill('a.', size)}a; message M { a.M f = 1; }`,
};

/** What `/_sluice/services` asks for: the comment of each field of each message. */
const COMMENTS: Cost = {
  name: 'the comments of many messages',
  // An object for each 24 bytes, as a service would send them. In less of it even the square would not show.
  largest: 1024 * 1024,
  prepare: (size) => {
    const messageType = Array.from({ length: Math.ceil(size / 24) }, (_, n) => ({
      name: `M${n}`,
      field: [{ name: 'f', number: 1, type: FieldDescriptorProto_Type.INT32 }],
    }));
    const file = create(FileDescriptorProtoSchema, { name: 'a.proto', messageType });
    const registry = createFileRegistry(create(FileDescriptorSetSchema, { file: [file] }));
    const messages = [...registry].filter((type) => type.kind === 'message');
    return () => messages.map(({ fields }) => fields.map(fieldComment));
  },
};

/** Everything that a .proto file can be made of. */
export function sourceCosts(): Cost[] {
  const read = (text: string) => compile([parseFile('a.proto', text)]);
  const defaultOf = (type: string) => (text: string) =>
    read(`message M { optional ${type} f = 1 [default = ${text}]; }`);
  return [
    COMMENTS,
    ...textCosts('proto file', SOURCES, read),
    ...textCosts('proto file', TOKENS, read, LARGEST_OF_TOKENS),
    ...textCosts('proto file, the number of a field', NUMBERS, (text) =>
      read(`${HEAD}message M { int32 f = ${text}; }`),
    ),
    ...['int64', 'double'].flatMap((type) =>
      textCosts(`proto file, a default of ${type}`, NUMBERS, defaultOf(type)),
    ),
  ];
}
