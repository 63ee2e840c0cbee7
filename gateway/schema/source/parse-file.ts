import { FileOptionsSchema } from '@bufbuild/protobuf/wkt';
import { FileDraft } from './draft.js';
import { readOption } from './option-value.js';
import { optionsOf } from './options-draft.js';
import { parseEnumDeclaration } from './parse-enum.js';
import { parseExtend, parseMessageBody, parseMessageDeclaration } from './parse-message.js';
import { parseService } from './parse-service.js';
import { TokenReader } from './token-reader.js';

/** What stands where in google.protobuf.FileDescriptorProto; paths of source locations are made of these. */
const MESSAGE_TYPE = 4;
const ENUM_TYPE = 5;
const EXTENSION = 7;

/**
 * Reads a .proto file: proto2, proto3 or edition 2023. Names of types and options stay open until `compile`
 * has seen every file. Throws `SchemaError` with file, line and column.
 * Source: https://protobuf.dev/reference/protobuf/edition-2023-spec/ and its proto2 and proto3 siblings.
 *
 * A parser of our own, because the tree that protobufjs 7 makes has lost what a descriptor needs: public
 * imports, escapes such as `\x41` in strings, integers above 2^53, lists of messages and extension names in
 * aggregate options, options of ranges and enum values, groups in oneofs, fields named `__proto__`.
 */
export function parseFile(fileName: string, source: string): FileDraft {
  const reader = new TokenReader(fileName, source);
  const draft = new FileDraft(fileName, reader, parseSyntax(reader));
  while (reader.kind !== 'end') {
    if (!reader.acceptSymbol(';')) parseStatement(draft);
  }
  // The package may come after an option of the file, and names in it are looked up from there.
  if (draft.options !== undefined) draft.options.scope = draft.package;
  return draft;
}

function parseSyntax(reader: TokenReader): FileDraft['syntax'] {
  while (reader.acceptSymbol(';'));
  const edition = reader.isWord('edition');
  if (!edition && !reader.isWord('syntax')) return 'proto2';
  reader.next();
  reader.expectSymbol('=');
  const at = reader.start;
  const value = reader.stringText(edition ? 'the edition' : 'the syntax');
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
  const { reader } = draft;
  const scope = draft.package;
  switch (reader.kind === 'word' ? reader.text : '') {
    case 'import':
      parseImport(draft);
      return;
    case 'package':
      parsePackage(draft);
      return;
    case 'option': {
      reader.next();
      const option = readOption(reader);
      reader.expectSymbol(';');
      optionsOf(draft, draft, FileOptionsSchema, scope).pending.push(option);
      return;
    }
    case 'message':
      parseMessageDeclaration(draft, scope, MESSAGE_TYPE, draft.messageType);
      return;
    case 'enum':
      parseEnumDeclaration(draft, scope, ENUM_TYPE, draft.enumType);
      return;
    case 'service':
      parseService(draft, scope);
      return;
    case 'extend':
      parseExtend(draft, scope, {
        number: EXTENSION,
        fields: draft.extension,
        groupNumber: MESSAGE_TYPE,
        groups: draft.messageType,
        isMessage: false,
        oneofIndex: -1,
        readBody: parseMessageBody,
      });
      return;
    default:
      reader.fail(`expected a declaration such as "message" or "service", found "${reader.text}"`);
  }
}

function parsePackage(draft: FileDraft): void {
  const { reader, messageType, enumType, service, extension } = draft;
  const at = reader.start;
  reader.next();
  if (draft.package !== '') reader.fail('the file has two packages', at);
  if (messageType.length + enumType.length + service.length + extension.length > 0)
    reader.fail('the package must stand before every declaration', at);
  draft.package = reader.qualifiedName('the name of a package', false);
  reader.expectSymbol(';');
}

function parseImport({ reader, imports, dependency, publicDependency, weakDependency }: FileDraft): void {
  reader.next();
  const at = reader.start;
  const isPublic = reader.acceptWord('public');
  const isWeak = !isPublic && reader.acceptWord('weak');
  const name = reader.stringText('the name of a file');
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
  if (isPublic) publicDependency.push(dependency.length);
  if (isWeak) weakDependency.push(dependency.length);
  imports.add(name);
  dependency.push(name);
}
