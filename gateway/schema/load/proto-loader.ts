import { readFile, realpath } from 'node:fs/promises';
import { basename, dirname, isAbsolute, join, relative, resolve, sep } from 'node:path';
import { baseFiles } from '../base/index.js';
import { SchemaError } from '../problem/index.js';
import type { Compiler, FileDraft, parseFile } from '../source/index.js';

/** What was read. */
export interface LoadedFiles {
  /** What the files are called here: those that were given, then those that they import. */
  readonly names: readonly string[];
  /** Where they are. */
  readonly paths: readonly string[];
  /** How long they are together. */
  readonly chars: number;
}

/**
 * Parses .proto files and everything they import, and hands each to a compiler, after what it imports.
 *
 * A file is named as its importers name it: by its path from the first proto path that holds it. Imports are looked for
 * in the proto paths in order (without any: in the working directory), then in the folders of the given files, so
 * that `--proto a/b.proto` alone works, then among the files that Sluice brings along (google/protobuf, google/api,
 * google/rpc, sluice/v1). A file that is reached under two names is read once. A given file that does not exist as such
 * is looked for in the proto paths, as protoc does.
 * A file that cannot be read as one, an import that is nowhere, and a circle is told to `report` and left out, by default thrown: a `SchemaError`
 * that names the file and line, or the importer and the places. A given file that is not there is always thrown.
 */
export async function loadProtoFiles(
  files: readonly string[],
  protoPaths: readonly string[],
  compiler: Compiler,
  report: (file: string, error: SchemaError) => void = (_file, error) => {
    throw error;
  },
): Promise<LoadedFiles> {
  const paths = (protoPaths.length === 0 ? ['.'] : protoPaths).map((path) => resolve(path));
  const roots: FoundFile[] = [];
  for (const file of files) {
    const path = await firstFile([
      resolve(file),
      ...(isAbsolute(file) ? [] : paths.map((dir) => join(dir, file))),
    ]);
    if (path === undefined)
      throw new SchemaError(`${file}: no such file${isAbsolute(file) ? '' : placesText(paths)}`);
    roots.push(path);
  }
  const places = [...new Set([...paths, ...roots.map(({ path }) => dirname(path))])];
  // Here and not at the top: a gateway that reads its schema elsewhere does without the parser.
  const { parseFile } = await import('../source/index.js');
  const loading = new Loading(places, compiler, parseFile, report);
  // All of them before the first is read: it may import the others, under other names.
  const given = roots.map((root) => ({ root, name: loading.nameFor(root, nameOf(root.path, paths)) }));
  for (const { root, name } of given) await loading.load(name, root);
  return loading;
}

class Loading implements LoadedFiles {
  readonly paths: string[] = [];
  chars = 0;
  readonly #places: readonly string[];
  readonly #compiler: Compiler;
  readonly #parseFile: typeof parseFile;
  readonly #report: (file: string, error: SchemaError) => void;
  /** What each file on disk is called here. */
  readonly #names = new Map<string, string>();
  readonly #taken = new Set<string>();
  /** What has been read, or is not to be. */
  readonly #begun = new Set<string>();
  /** What is parsed, and waits for its imports. */
  readonly #open = new Map<string, FileDraft>();
  /** Where imports are: many files import the same. */
  readonly #found = new Map<string, FoundFile | undefined>();

  constructor(
    places: readonly string[],
    compiler: Compiler,
    parse: typeof parseFile,
    report: (file: string, error: SchemaError) => void,
  ) {
    this.#places = places;
    this.#compiler = compiler;
    this.#parseFile = parse;
    this.#report = report;
  }

  get names(): readonly string[] {
    return [...this.#taken];
  }

  /** What a file is called: as it was called first. */
  nameFor({ path, real }: FoundFile, wanted: string): string {
    const known = this.#names.get(real);
    if (known !== undefined) return known;
    if (this.#taken.has(wanted)) throw new SchemaError(`${path}: another file is already named "${wanted}"`);
    this.#names.set(real, wanted);
    this.#taken.add(wanted);
    return wanted;
  }

  /** Reads a file and what it imports, unless it has been. */
  async load(name: string, { path }: FoundFile): Promise<void> {
    if (this.#begun.has(name)) return;
    this.#begun.add(name);
    this.paths.push(path);
    const text = await readText(path);
    this.chars += text.length;
    let draft: FileDraft;
    try {
      draft = this.#parseFile(name, text);
    } catch (error) {
      if (!(error instanceof SchemaError)) throw error;
      this.#report(name, error);
      return;
    }
    this.#open.set(name, draft);
    for (const [index, imported] of draft.dependency.entries()) await this.#import(draft, index, imported);
    this.#open.delete(name);
    this.#compiler.finish(draft);
  }

  async #import(draft: FileDraft, index: number, imported: string): Promise<void> {
    const file = await this.#find(imported);
    if (file === undefined) {
      if (baseFiles().byName.has(imported)) return;
      const problem = `${draft.name}: the import "${imported}" is not found${placesText(this.#places)}`;
      this.#report(draft.name, new SchemaError(problem));
      return;
    }
    const name = this.nameFor(file, imported);
    draft.dependency[index] = name;
    const open = this.#open.get(name);
    if (open === undefined) {
      await this.load(name, file);
      return;
    }
    const problem = `${draft.name}: the import of "${name}" goes in a circle`;
    this.#report(draft.name, new SchemaError(problem));
    this.#compiler.declare(open);
  }

  async #find(imported: string): Promise<FoundFile | undefined> {
    if (!this.#found.has(imported))
      this.#found.set(imported, await firstFile(this.#places.map((place) => join(place, imported))));
    return this.#found.get(imported);
  }
}

interface FoundFile {
  readonly path: string;
  /** Without links: two paths may lead to one file. */
  readonly real: string;
}

function nameOf(path: string, protoPaths: readonly string[]): string {
  for (const base of protoPaths) {
    const name = relative(base, path);
    if (name !== '' && name !== '..' && !name.startsWith(`..${sep}`) && !isAbsolute(name)) {
      return name.split(sep).join('/');
    }
  }
  return basename(path);
}

async function firstFile(candidates: readonly string[]): Promise<FoundFile | undefined> {
  for (const path of candidates) {
    try {
      return { path, real: await realpath(path) };
    } catch (error) {
      if (!isMissing(error)) throw new SchemaError(`${path}: cannot be read (${errorText(error)})`, error);
    }
  }
  return undefined;
}

async function readText(path: string): Promise<string> {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(await readFile(path));
  } catch (error) {
    const reason = error instanceof TypeError ? 'it is not UTF-8' : errorText(error);
    throw new SchemaError(`${path}: cannot be read (${reason})`, error);
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR');
}

function errorText(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function placesText(places: readonly string[]): string {
  return `; looked in: ${places.join(', ')}`;
}
