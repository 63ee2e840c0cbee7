import { create } from '@bufbuild/protobuf';
import {
  Edition,
  FileDescriptorProtoSchema,
  FileOptionsSchema,
  SourceCodeInfoSchema,
} from '@bufbuild/protobuf/wkt';
import type { FileDraft } from './draft.js';
import { readOption } from './option-value.js';
import { parseEnumDeclaration } from './parse-enum.js';
import { parseExtend, parseMessageDeclaration } from './parse-message.js';
import { parseService } from './parse-service.js';
import { TokenReader } from './token-reader.js';

/** What stands where in google.protobuf.FileDescriptorProto; paths of source locations are made of these. */
const MESSAGE_TYPE = 4;
const ENUM_TYPE = 5;
const SERVICE = 6;
const EXTENSION = 7;

/**
 * Reads a .proto file: proto2, proto3 or edition 2023. Names of types and options stay open until `link` and
 * `interpret` have seen every file. Throws `SchemaError` with file, line and column.
 * Source: https://protobuf.dev/reference/protobuf/edition-2023-spec/ and its proto2 and proto3 siblings.
 *
 * A parser of our own, because the tree that protobufjs 7 makes has lost what a descriptor needs: public
 * imports, escapes such as `\x41` in strings, integers above 2^53, lists of messages and extension names in
 * aggregate options, options of ranges and enum values, groups in oneofs, fields named `__proto__`.
 */
export function parseFile(fileName: string, source: string): FileDraft {
  const reader = new TokenReader(fileName, source);
  const proto = create(FileDescriptorProtoSchema, {
    name: fileName,
    sourceCodeInfo: create(SourceCodeInfoSchema),
  });
  const draft: FileDraft = {
    proto,
    reader,
    syntax: parseSyntax(reader),
    imports: new Set(),
    references: [],
    options: [],
    checks: [],
  };
  if (draft.syntax === 'proto3') proto.syntax = 'proto3';
  if (draft.syntax === 'editions') {
    proto.syntax = 'editions';
    proto.edition = Edition.EDITION_2023;
  }
  while (reader.peek().kind !== 'end') {
    if (!reader.acceptSymbol(';')) parseStatement(draft);
  }
  reader.release();
  return draft;
}

function parseSyntax(reader: TokenReader): FileDraft['syntax'] {
  while (reader.acceptSymbol(';'));
  const edition = reader.isWord('edition');
  if (!edition && !reader.isWord('syntax')) return 'proto2';
  reader.next();
  reader.expectSymbol('=');
  const at = reader.peek();
  const value = reader.text(edition ? 'the edition' : 'the syntax');
  reader.expectSymbol(';');
  if (!edition)
    return value === 'proto2' || value === 'proto3' ? value : reader.fail(`unknown syntax "${value}"`, at);
  if (value === '2023') return 'editions';
  return reader.fail(
    `edition "${value}" cannot be read from source, only "2023"; use a descriptor set made by protoc or buf`,
    at,
  );
}

function parseStatement(draft: FileDraft): void {
  const { reader, proto } = draft;
  const start = reader.peek();
  const scope = proto.package;
  switch (start.kind === 'word' ? start.text : '') {
    case 'import':
      parseImport(draft);
      return;
    case 'package':
      reader.next();
      if (scope !== '') reader.fail('the file has two packages', start);
      if (
        proto.messageType.length + proto.enumType.length + proto.service.length + proto.extension.length >
        0
      ) {
        reader.fail('the package must stand before every declaration', start);
      }
      proto.package = reader.qualifiedName('the name of a package', false);
      reader.expectSymbol(';');
      return;
    case 'option': {
      reader.next();
      const option = readOption(reader);
      reader.expectSymbol(';');
      // The package may come after a file option, and names in it are looked up from there.
      draft.options.push({
        ...option,
        get scope() {
          return proto.package;
        },
        target: () => (proto.options ??= create(FileOptionsSchema)),
      });
      return;
    }
    case 'message':
      parseMessageDeclaration(draft, scope, [MESSAGE_TYPE, proto.messageType.length], proto.messageType);
      return;
    case 'enum':
      parseEnumDeclaration(draft, scope, [ENUM_TYPE, proto.enumType.length], proto.enumType);
      return;
    case 'service':
      parseService(draft, scope, [SERVICE, proto.service.length], proto.service);
      return;
    case 'extend':
      parseExtend(draft, scope, {
        path: [],
        number: EXTENSION,
        fields: proto.extension,
        groups: proto.messageType,
      });
      return;
    default:
      reader.fail(`expected a declaration such as "message" or "service", found "${start.text}"`);
  }
}

function parseImport({ reader, proto, imports }: FileDraft): void {
  reader.next();
  const at = reader.peek();
  const isPublic = reader.acceptWord('public');
  const isWeak = !isPublic && reader.acceptWord('weak');
  const name = reader.text('the name of a file');
  reader.expectSymbol(';');
  if (imports.has(name)) reader.fail(`"${name}" is imported twice`, at);
  // The rule of protoc: one file has one name, whoever imports it.
  if (
    name === '' ||
    name.includes('\\') ||
    name.split('/').some((part) => part === '' || part === '.' || part === '..')
  ) {
    reader.fail(
      `an import is a path from a proto path, with "/" between names and without "..": "${name}"`,
      at,
    );
  }
  if (isPublic) proto.publicDependency.push(proto.dependency.length);
  if (isWeak) proto.weakDependency.push(proto.dependency.length);
  imports.add(name);
  proto.dependency.push(name);
}
