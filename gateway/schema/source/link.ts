import type { DescriptorProto, EnumDescriptorProto, FileDescriptorProto } from '@bufbuild/protobuf/wkt';
import { SchemaError } from '../problem/index.js';
import { type FileDraft, fullName, type TypeReference } from './draft.js';

type SymbolKind = 'message' | 'enum' | 'extension' | 'service' | 'other';

/** What is declared where, in all files of one compilation. */
export interface SymbolTable {
  /**
   * The full name of what a name means in a scope of a file, by protobuf's rule: the innermost scope that has the
   * first part of the name wins. Only what the file declares or imports is seen.
   */
  lookup(file: string, scope: string, name: string, kinds: readonly SymbolKind[]): FoundSymbol | undefined;
}

export interface FoundSymbol {
  readonly fullName: string;
  readonly kind: SymbolKind;
}

/** Tells `report` when a name is declared twice; the first declaration counts. */
export function createSymbolTable(
  files: readonly FileDescriptorProto[],
  report: (file: string, error: SchemaError) => void,
): SymbolTable {
  const symbols = new Map<string, { kind: SymbolKind; file: string }>();
  const packageOf = new Map<string, string>();
  for (const file of files) {
    packageOf.set(file.name, file.package);
    declare(file, (name, kind) => {
      const other = symbols.get(name);
      if (other !== undefined) {
        report(file.name, new SchemaError(`${file.name}: "${name}" is already declared in ${other.file}`));
        return;
      }
      symbols.set(name, { kind, file: file.name });
    });
  }
  const visible = visibleFiles(files);
  const packagesSeen = new Map<string, ReadonlySet<string>>();
  /** The packages that a file sees, and those around them. */
  const packagesOf = (file: string): ReadonlySet<string> => {
    const known = packagesSeen.get(file);
    if (known !== undefined) return known;
    const packages = new Set<string>();
    for (const seen of visible.get(file) ?? []) {
      for (let name = packageOf.get(seen); name && !packages.has(name); name = parentScope(name))
        packages.add(name);
    }
    packagesSeen.set(file, packages);
    return packages;
  };

  return {
    lookup(file, scope, name, kinds) {
      const seen = visible.get(file) ?? new Set<string>();
      const find = (full: string): FoundSymbol | undefined => {
        const symbol = symbols.get(full);
        return symbol !== undefined && seen.has(symbol.file)
          ? { fullName: full, kind: symbol.kind }
          : undefined;
      };
      const wanted = (found: FoundSymbol | undefined) =>
        found !== undefined && kinds.includes(found.kind) ? found : undefined;
      if (name.startsWith('.')) return wanted(find(name.slice(1)));
      const dot = name.indexOf('.');
      const first = dot === -1 ? name : name.slice(0, dot);
      for (let outer: string | undefined = scope; outer !== undefined; outer = parentScope(outer)) {
        const full = fullName(outer, name);
        if (dot === -1) {
          // Something else of that name, such as a field, hides nothing.
          const found = wanted(find(full));
          if (found !== undefined) return found;
          continue;
        }
        const head = fullName(outer, first);
        const inPackage = packagesOf(file).has(head);
        const found = wanted(find(full));
        if (found !== undefined) return found;
        const kind = find(head)?.kind;
        // The first part means this scope: what is not in it is not looked for further out.
        if (!inPackage && (kind === 'message' || kind === 'enum' || kind === 'service')) return undefined;
      }
      return undefined;
    },
  };
}

/** Resolves every open name of a file, and tells `missing` which are not found, with an error that names file, line and name. */
export function linkDraft(
  draft: FileDraft,
  table: SymbolTable,
  missing: (reference: TypeReference, error: SchemaError) => void,
): void {
  for (const reference of draft.references) {
    const kinds: SymbolKind[] = reference.wanted === 'message' ? ['message'] : ['message', 'enum'];
    const found = table.lookup(draft.proto.name, reference.scope, reference.name, kinds);
    if (found === undefined) {
      const problem = `no ${reference.wanted} "${reference.name}" is declared here or in an imported file`;
      missing(reference, draft.reader.error(problem, reference.at));
    } else reference.resolve(found.fullName, found.kind === 'enum' ? 'enum' : 'message');
  }
}

function parentScope(scope: string): string | undefined {
  if (scope === '') return undefined;
  const dot = scope.lastIndexOf('.');
  return dot === -1 ? '' : scope.slice(0, dot);
}

/** For each file: itself, its imports, and what those import publicly. */
function visibleFiles(files: readonly FileDescriptorProto[]): ReadonlyMap<string, ReadonlySet<string>> {
  const byName = new Map(files.map((file) => [file.name, file]));
  const visible = new Map<string, Set<string>>();
  for (const file of files) {
    const seen = new Set([file.name]);
    const open = [...file.dependency];
    for (let name = open.pop(); name !== undefined; name = open.pop()) {
      if (seen.has(name)) continue;
      seen.add(name);
      const imported = byName.get(name);
      for (const index of imported?.publicDependency ?? []) open.push(imported?.dependency[index] ?? '');
    }
    visible.set(file.name, seen);
  }
  return visible;
}

function declare(file: FileDescriptorProto, add: (name: string, kind: SymbolKind) => void): void {
  const addEnum = (scope: string, proto: EnumDescriptorProto) => {
    add(fullName(scope, proto.name), 'enum');
    for (const value of proto.value) add(fullName(scope, value.name), 'other');
  };
  const addMessage = (scope: string, proto: DescriptorProto) => {
    const name = fullName(scope, proto.name);
    add(name, 'message');
    for (const field of proto.field) add(fullName(name, field.name), 'other');
    for (const oneof of proto.oneofDecl) add(fullName(name, oneof.name), 'other');
    for (const extension of proto.extension) add(fullName(name, extension.name), 'extension');
    for (const nested of proto.nestedType) addMessage(name, nested);
    for (const nested of proto.enumType) addEnum(name, nested);
  };
  for (const proto of file.messageType) addMessage(file.package, proto);
  for (const proto of file.enumType) addEnum(file.package, proto);
  for (const extension of file.extension) add(fullName(file.package, extension.name), 'extension');
  for (const service of file.service) {
    add(fullName(file.package, service.name), 'service');
    for (const method of service.method)
      add(fullName(fullName(file.package, service.name), method.name), 'other');
  }
}
