import type { FileDescriptorProto } from '@bufbuild/protobuf/wkt';
import { SchemaError } from '../problem/index.js';
import type { FileDraft } from './draft.js';

export type SymbolKind = 'message' | 'enum' | 'extension' | 'service' | 'other';

/** A file of a compilation: parsed from source, or a descriptor that is complete already. */
export type InputFile = FileDraft | FileDescriptorProto;

/** A name that is declared, or the name of a package, and the names in it. */
export class DeclaredSymbol {
  readonly parent: DeclaredSymbol | undefined;
  /** The full name with a dot before it, as descriptors have it; "" for what is around all packages. */
  readonly typeName: string;
  /** `undefined` for a package. */
  kind: SymbolKind | undefined;
  /** The file that declares it. */
  file: string;
  /** What can be found in it, by name. */
  names: Map<string, DeclaredSymbol> | undefined;

  constructor(parent: DeclaredSymbol | undefined, name: string, kind?: SymbolKind, file = '') {
    this.parent = parent;
    this.typeName = parent === undefined ? '' : `${parent.typeName}.${name}`;
    this.kind = kind;
    this.file = file;
  }

  /** The full name without the dot. */
  get fullName(): string {
    return this.typeName.slice(1);
  }
}

/** What a file sees: itself, its imports, and what those import publicly. */
interface View {
  readonly files: ReadonlySet<string>;
  /** The packages of these files, and those around them. */
  readonly packages: ReadonlySet<DeclaredSymbol>;
}

/** What is declared where, in the files of one compilation. */
export class SymbolTable {
  readonly #root = new DeclaredSymbol(undefined, '');
  readonly #files = new Map<string, Pick<InputFile, 'package' | 'dependency' | 'publicDependency'>>();
  readonly #views = new Map<string, View>();
  /** By the name of a member: the scope that had one of this name last. Members are looked at scope by scope, so this finds what comes twice. */
  readonly #memberOf = new Map<string, DeclaredSymbol>();
  /** What was asked for last: elements in one scope follow each other. */
  #lastScope: { readonly fullName: string; readonly symbol: DeclaredSymbol } | undefined;
  readonly #report: (file: string, error: SchemaError) => void;

  /** Tells `report` when a name is declared twice; the first declaration counts. */
  constructor(report: (file: string, error: SchemaError) => void) {
    this.#report = report;
  }

  /** The files that a file sees: itself, its imports, and what those import publicly. */
  seenBy(file: string): ReadonlySet<string> {
    return this.#viewOf(file).files;
  }

  /** The scope of a full name; of what is not declared, the one around it. */
  scopeOf(fullName: string): DeclaredSymbol {
    if (fullName === '') return this.#root;
    if (this.#lastScope?.fullName === fullName) return this.#lastScope.symbol;
    let scope = this.#root;
    for (const name of fullName.split('.')) {
      const inner = scope.names?.get(name);
      if (inner === undefined) break;
      scope = inner;
    }
    this.#lastScope = { fullName, symbol: scope };
    return scope;
  }

  /** Whether an enum has a value of this name. */
  hasValue(fullName: string, value: string): boolean {
    const symbol = this.scopeOf(fullName);
    return symbol.fullName === fullName && symbol.parent?.names?.get(value)?.parent === symbol;
  }

  /**
   * What a name means in a scope of a file, by protobuf's rule: the innermost scope that has the first part of the name
   * wins. Only what the file declares or imports is seen.
   */
  lookup(
    file: string,
    scope: DeclaredSymbol,
    name: string,
    isWanted: (kind: SymbolKind) => boolean,
  ): DeclaredSymbol | undefined {
    const view = this.#viewOf(file);
    const seen = (symbol: DeclaredSymbol | undefined) =>
      symbol?.kind !== undefined && isWanted(symbol.kind) && view.files.has(symbol.file) ? symbol : undefined;
    const dot = name.indexOf('.');
    if (dot === -1) {
      for (let outer: DeclaredSymbol | undefined = scope; outer !== undefined; outer = outer.parent) {
        // Something else of that name, such as a field, hides nothing.
        const found = seen(outer.names?.get(name));
        if (found !== undefined) return found;
      }
      return undefined;
    }
    const [first = '', ...rest] = name.split('.');
    if (first === '') return seen(inside(this.#root, rest));
    for (let outer: DeclaredSymbol | undefined = scope; outer !== undefined; outer = outer.parent) {
      const head = outer.names?.get(first);
      if (head === undefined) continue;
      const found = seen(inside(head, rest));
      if (found !== undefined) return found;
      const { kind } = head;
      const isType = kind === 'message' || kind === 'enum' || kind === 'service';
      // The first part means this scope: what is not in it is not looked for further out.
      if (isType && view.files.has(head.file) && !view.packages.has(head)) return undefined;
    }
    return undefined;
  }

  #package(name: string): DeclaredSymbol {
    let scope = this.#root;
    if (name === '') return scope;
    for (const part of name.split('.')) {
      let inner = scope.names?.get(part);
      if (inner === undefined) {
        inner = new DeclaredSymbol(scope, part);
        put(scope, part, inner);
      }
      scope = inner;
    }
    return scope;
  }

  /** Of a file whose imports have been declared. */
  #viewOf(file: string): View {
    const known = this.#views.get(file);
    if (known !== undefined) return known;
    const files = new Set([file]);
    const open = [...(this.#files.get(file)?.dependency ?? [])];
    for (let name = open.pop(); name !== undefined; name = open.pop()) {
      if (files.has(name)) continue;
      files.add(name);
      const imported = this.#files.get(name);
      for (const index of imported?.publicDependency ?? []) open.push(imported?.dependency[index] ?? '');
    }
    const packages = new Set<DeclaredSymbol>();
    for (const name of files) {
      let scope: DeclaredSymbol | undefined = this.#package(this.#files.get(name)?.package ?? '');
      for (; scope !== undefined && !packages.has(scope); scope = scope.parent) packages.add(scope);
    }
    const view = { files, packages };
    this.#views.set(file, view);
    return view;
  }

  declare(file: InputFile): void {
    this.#lastScope = undefined;
    const { name: fileName, package: packageName, dependency, publicDependency } = file;
    this.#files.set(fileName, { package: packageName, dependency, publicDependency });
    const scope = this.#package(packageName);
    /** All that is only there to be found when it comes twice. */
    const other = new DeclaredSymbol(undefined, '', 'other', file.name);
    for (const message of file.messageType) this.#declareMessage(scope, message, other);
    for (const one of file.enumType) this.#declareEnum(scope, one, other);
    for (const { name } of file.extension) this.#declare(scope, name, 'extension', other);
    for (const { name, method } of file.service) {
      const service = this.#declare(scope, name, 'service', other);
      for (const own of method) this.#declareMember(service, own.name, other);
    }
  }

  #declareMessage(scope: DeclaredSymbol, message: DeclaredMessage, other: DeclaredSymbol): void {
    const own = this.#declare(scope, message.name, 'message', other);
    for (const { name } of message.extension) this.#declare(own, name, 'extension', other);
    for (const nested of message.nestedType) this.#declareMessage(own, nested, other);
    for (const nested of message.enumType) this.#declareEnum(own, nested, other);
    for (const { name } of message.field) this.#declareMember(own, name, other);
    for (const { name } of message.oneofDecl) this.#declareMember(own, name, other);
  }

  #declareEnum(scope: DeclaredSymbol, { name, value }: DeclaredEnum, other: DeclaredSymbol): void {
    const symbol = this.#declare(scope, name, 'enum', other);
    // They are siblings of their enum, which they have in common.
    const values = new DeclaredSymbol(symbol, '', 'other', other.file);
    for (const own of value) {
      if (scope.names?.has(own.name) === true) this.#declare(scope, own.name, 'other', other);
      else put(scope, own.name, values);
    }
  }

  /** A field, a oneof or a method: nothing else of another file is beside it, and it is no type, so it need not be found. */
  #declareMember(scope: DeclaredSymbol, name: string, other: DeclaredSymbol): void {
    if (scope.names?.has(name) === true) this.#declare(scope, name, 'other', other);
    else if (this.#memberOf.get(name) === scope) this.#reportTwice(scope, name, other, other);
    else this.#memberOf.set(name, scope);
  }

  #reportTwice(scope: DeclaredSymbol, name: string, { file }: DeclaredSymbol, first: DeclaredSymbol): void {
    const fullName = `${scope.typeName}.${name}`.slice(1);
    this.#report(file, new SchemaError(`${file}: "${fullName}" is already declared in ${first.file}`));
  }

  /** Of what is there already: a scope that nothing else finds, unless it is of the same kind. */
  #declare(scope: DeclaredSymbol, name: string, kind: SymbolKind, declaring: DeclaredSymbol): DeclaredSymbol {
    const { file } = declaring;
    const there = scope.names?.get(name);
    if (there === undefined) {
      const made = new DeclaredSymbol(scope, name, kind, file);
      put(scope, name, made);
      return made;
    }
    if (there.kind === undefined) {
      there.kind = kind;
      there.file = file;
      return there;
    }
    this.#reportTwice(scope, name, declaring, there);
    return there.kind === kind ? there : new DeclaredSymbol(scope, name, kind, file);
  }
}

interface DeclaredEnum {
  readonly name: string;
  readonly value: readonly { readonly name: string }[];
}

export interface DeclaredMessage {
  readonly name: string;
  readonly field: readonly { readonly name: string }[];
  readonly oneofDecl: readonly { readonly name: string }[];
  readonly extension: readonly { readonly name: string }[];
  readonly nestedType: readonly DeclaredMessage[];
  readonly enumType: readonly DeclaredEnum[];
}

function put(scope: DeclaredSymbol, name: string, symbol: DeclaredSymbol): void {
  scope.names ??= new Map();
  scope.names.set(name, symbol);
}

function inside(scope: DeclaredSymbol, names: readonly string[]): DeclaredSymbol | undefined {
  let found: DeclaredSymbol | undefined = scope;
  for (const name of names) found = found?.names?.get(name);
  return found;
}
