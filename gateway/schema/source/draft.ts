import { create, type Message } from '@bufbuild/protobuf';
import { type FileDescriptorProto, SourceCodeInfo_LocationSchema } from '@bufbuild/protobuf/wkt';
import type { NamePart, ProtoOptionValue } from './option-value.js';
import type { Token } from './token.js';
import type { TokenReader } from './token-reader.js';

/** A name of a type that is not known before all files are read. */
export interface TypeReference {
  /** As written. */
  readonly name: string;
  /** The full name of the element it stands in: names are looked up from there outwards. */
  readonly scope: string;
  readonly at: Token;
  /** What may be meant. */
  readonly wanted: 'message' | 'message or enum';
  /** Called once with the full name, without a leading dot. */
  resolve(fullName: string, kind: 'message' | 'enum'): void;
}

/** An option that is not yet a value: its type may be an extension of another file. */
export interface PendingOption {
  readonly name: readonly NamePart[];
  readonly value: ProtoOptionValue;
  readonly scope: string;
  readonly at: Token;
  /** The options message that it belongs to; made on the first call. */
  readonly target: () => Message;
}

/** One parsed file: a descriptor with the names and options that are still open. */
export interface FileDraft {
  readonly proto: FileDescriptorProto;
  readonly reader: TokenReader;
  readonly syntax: 'proto2' | 'proto3' | 'editions';
  /** The names that it imports, to find one that comes twice. */
  readonly imports: Set<string>;
  readonly references: TypeReference[];
  readonly options: PendingOption[];
  /** Checks that need the types: run once all references are resolved. */
  readonly checks: (() => void)[];
}

/** The full name of something declared in a scope; the scope of a file without a package is "". */
export function fullName(scope: string, name: string): string {
  return scope === '' ? name : `${scope}.${name}`;
}

/** Notes where an element stands, and the comments above it and behind its `;`, so that `describe` can show them. */
export function locate(draft: FileDraft, path: readonly number[], start: Token): void {
  const end = draft.reader.last();
  const span =
    start.line === end.line
      ? [start.line, start.column, end.endColumn]
      : [start.line, start.column, end.line, end.endColumn];
  const location = create(SourceCodeInfo_LocationSchema, { path: [...path], span });
  if (start.comment !== undefined) location.leadingComments = start.comment;
  // What stands behind a `}` is about what is before it, and not about the whole block.
  if (end.text === ';' && end.behind !== undefined) location.trailingComments = end.behind;
  draft.proto.sourceCodeInfo?.location.push(location);
}
