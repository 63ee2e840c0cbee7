import { FieldDescriptorProto_Type as Type } from '@bufbuild/protobuf/wkt';
import type { SchemaError } from '../problem/index.js';
import { type FieldDraft, type FileDraft, fullName, type MessageDraft, type MethodDraft } from './draft.js';
import type { DeclaredSymbol, SymbolKind, SymbolTable } from './symbol-table.js';

/** Hears of a type that is not found, by the name as written and the full name of what it stands in. */
export type MissingType = (name: string, scope: string, error: SchemaError) => void;

/** Resolves every open name of a type of a file, and tells `missing` which are not found, with an error that names file, line and name; these stay as they are written. */
export function linkDraft(draft: FileDraft, table: SymbolTable, missing: MissingType): void {
  new DraftLinker(draft, table, missing).link();
}

class DraftLinker {
  readonly #draft: FileDraft;
  readonly #table: SymbolTable;
  readonly #missing: MissingType;

  constructor(draft: FileDraft, table: SymbolTable, missing: MissingType) {
    this.#draft = draft;
    this.#table = table;
    this.#missing = missing;
  }

  link(): void {
    const { messageType, extension, service, package: packageName } = this.#draft;
    const scope = this.#table.scopeOf(packageName);
    for (const message of messageType) this.#message(message, scope);
    for (const field of extension) this.#field(field, scope);
    for (const { name, method } of service) for (const own of method) this.#method(own, name, scope);
  }

  #method(method: MethodDraft, service: string, scope: DeclaredSymbol): void {
    const owner = `${service}.${method.name}`;
    const input = this.#resolve(method.inputType, method.inputAt, scope, isMessage, owner);
    if (input !== undefined) method.inputType = input.typeName;
    const output = this.#resolve(method.outputType, method.outputAt, scope, isMessage, owner);
    if (output !== undefined) method.outputType = output.typeName;
  }

  #message(message: MessageDraft, outer: DeclaredSymbol): void {
    const scope = outer.names?.get(message.name);
    // One that is declared twice, as something else.
    if (scope?.kind !== 'message') return;
    for (const field of message.field) this.#field(field, scope);
    for (const field of message.extension) this.#field(field, scope);
    for (const nested of message.nestedType) this.#message(nested, scope);
  }

  #field(field: FieldDraft, scope: DeclaredSymbol): void {
    if (field.type === 0) {
      const found = this.#resolve(field.typeName, field.typeAt, scope, isType);
      if (found !== undefined) {
        field.type = found.kind === 'enum' ? Type.ENUM : Type.MESSAGE;
        field.typeName = found.typeName;
      }
    }
    if (field.extendee === '') return;
    const extended = this.#resolve(field.extendee, field.extendeeAt, scope, isMessage);
    if (extended !== undefined) field.extendee = extended.typeName;
  }

  /** `owner`: what it stands in, from the scope inwards. */
  #resolve(
    name: string,
    at: number,
    scope: DeclaredSymbol,
    isWanted: (kind: SymbolKind) => boolean,
    owner = '',
  ): DeclaredSymbol | undefined {
    const { name: file, reader } = this.#draft;
    const found = this.#table.lookup(file, scope, name, isWanted);
    if (found !== undefined) return found;
    const wanted = isWanted === isType ? 'message or enum' : 'message';
    const problem = `no ${wanted} "${name}" is declared here or in an imported file`;
    this.#missing(
      name,
      owner === '' ? scope.fullName : fullName(scope.fullName, owner),
      reader.error(problem, at),
    );
    return undefined;
  }
}

function isMessage(kind: SymbolKind): boolean {
  return kind === 'message';
}

function isType(kind: SymbolKind): boolean {
  return kind === 'message' || kind === 'enum';
}
