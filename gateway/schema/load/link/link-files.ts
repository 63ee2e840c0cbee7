import {
  create,
  createFileRegistry,
  createRegistry,
  type DescService,
  type Registry,
} from '@bufbuild/protobuf';
import { type FileDescriptorProto, FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';
import { baseFiles } from '../../base/index.js';
import { type ProblemList, SchemaError, SchemaProblem } from '../../problem/index.js';
import { filePartsOf } from './circles.js';
import type { Declaration, LinkFile } from './declaration.js';
import { declareFiles } from './declare.js';
import { emitFiles } from './emit.js';
import { checkDeclaration, type Explain } from './faults.js';
import { repairFile } from './repair.js';
import { type LeftOut, linkServices } from './services.js';
import { spreadFaults } from './spread.js';

/** What could be made of files. */
export interface LinkedFiles {
  /** Their types, and ours that they use. */
  readonly registry: Registry;
  /** Their services, in the order of the files. */
  readonly services: readonly DescService[];
  readonly leftOut: LeftOut;
  /** The descriptors of methods that are there only for the places of the others. */
  readonly emptyPlaces: ReadonlySet<object>;
}

export interface LinkOptions {
  /** Where to tell what cannot be used. */
  readonly problems: ProblemList;
  /** Whose methods are worth a problem. */
  readonly isExposed: (service: string) => boolean;
  /** More about a type that no file declares, to be added to the text. */
  readonly explain?: Explain;
}

/**
 * Makes a registry of files in any order, by the names of types that are really used: the lists of imports do not matter. What
 * cannot be linked is left out, and every method that needs it, with a problem that says what is broken and where. Well-known types
 * and ours are supplied. Names in the given files are completed in place. Takes n log n for n declarations, whatever they are.
 * Throws `SchemaError` only where this promise fails.
 */
export function linkFiles(given: readonly FileDescriptorProto[], options: LinkOptions): LinkedFiles {
  for (const file of given) repairFile(file);
  const files = given.map((proto): LinkFile => ({ proto, isBase: false }));
  const table = declareFiles(files, options.problems);
  const explain = explainWithImports(given, options.explain);
  for (const declaration of table.given) check(declaration, explain);
  spreadFaults(table.given);
  let parts = filePartsOf(table.given);
  if (parts === undefined) {
    spreadFaults(table.given);
    parts = filePartsOf(table.given) ?? [];
  }
  reportExtensions(table.given, options.problems);
  const { services, leftOut, emptyPlaces } = linkServices(
    files,
    table.outermost,
    explain,
    options.isExposed,
    options.problems,
  );
  const emitted = emitFiles(parts, services, table);
  const registry = registryOf(emitted.files);
  return {
    registry: withoutShells(registry, emitted.shells),
    services: services.flatMap(({ fullName }) => registry.getService(fullName ?? '') ?? []),
    leftOut,
    emptyPlaces,
  };
}

function check(declaration: Declaration, explain: Explain): void {
  if (declaration.fault !== undefined) return;
  const reason = checkDeclaration(declaration, explain);
  if (reason === undefined) return;
  const { scope, file } = declaration;
  declaration.fault = { name: scope.fullName, reason, file: file.proto.name };
}

/** No method needs an extension, so nobody else would tell. */
function reportExtensions(declarations: readonly Declaration[], problems: ProblemList): void {
  for (const { kind, scope, fault } of declarations) {
    if (kind === 'extension' && fault !== undefined) {
      problems.add(
        new SchemaProblem(scope.fullName, `the extension is left out: ${fault.reason}`, fault.file),
      );
    }
  }
}

/** Where a type may be that is not there: in a file that is imported and missing. */
function explainWithImports(files: readonly FileDescriptorProto[], explain: Explain = () => ''): Explain {
  const names = new Set(files.map(({ name }) => name));
  const missing = new Map<LinkFile, string>();
  const missingImports = (file: LinkFile): string => {
    let text = missing.get(file);
    if (text === undefined) {
      const absent = file.proto.dependency.filter(
        (name) => !names.has(name) && !baseFiles().byName.has(name),
      );
      const list = absent.slice(0, 3).map((name) => JSON.stringify(name));
      const more = absent.length > list.length ? ' and others' : '';
      text =
        absent.length === 0 ? '' : `; missing: the import ${list.join(', ')}${more} of ${file.proto.name}`;
      missing.set(file, text);
    }
    return text;
  };
  return (name, scope, file) => `${missingImports(file)}${explain(name, scope, file)}`;
}

/** The types, without those that only keep a place. A sound schema has none of these, and is not copied. */
function withoutShells(registry: Registry, shells: ReadonlySet<string>): Registry {
  if (shells.size === 0) return registry;
  return createRegistry(...[...registry].filter(({ typeName }) => !shells.has(typeName)));
}

function registryOf(file: readonly FileDescriptorProto[]): ReturnType<typeof createFileRegistry> {
  try {
    return createFileRegistry(create(FileDescriptorSetSchema, { file: [...file] }));
  } catch (error) {
    throw new SchemaError(
      `the descriptors are broken: ${error instanceof Error ? error.message : error}`,
      error,
    );
  }
}
