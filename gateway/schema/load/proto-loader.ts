import { readFile, realpath } from 'node:fs/promises';
import { basename, dirname, isAbsolute, join, relative, resolve, sep } from 'node:path';
import { baseFiles } from '../base/index.js';
import { SchemaError } from '../problem/index.js';
import type { FileDraft } from '../source/index.js';

/**
 * Parses .proto files and everything they import.
 *
 * A file is named as its importers name it: by its path from the first proto path that holds it. Imports are looked for
 * in the proto paths in order (without any: in the working directory), then in the folders of the given files, so
 * that `--proto a/b.proto` alone works, then among the files that Sluice brings along (google/protobuf, google/api,
 * google/rpc, sluice/v1). A file that is reached under two names is read once. A given file that does not exist as such
 * is looked for in the proto paths, as protoc does.
 * A file that cannot be read as one, and an import that is nowhere, is told to `report` and left out, by default thrown: a `SchemaError`
 * that names the file and line, or the importer and the places. A given file that is not there is always thrown. The paths of what is read
 * are added to `read`.
 */
export async function loadProtoFiles(
  files: readonly string[],
  protoPaths: readonly string[],
  report: (file: string, error: SchemaError) => void = (_file, error) => {
    throw error;
  },
  read: string[] = [],
): Promise<FileDraft[]> {
  // Here and not at the top: a gateway that reads its schema elsewhere does without the parser.
  const { parseFile } = await import('../source/index.js');
  const paths = (protoPaths.length === 0 ? ['.'] : protoPaths).map((path) => resolve(path));
  const roots: { path: string; real: string }[] = [];
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
  const drafts: FileDraft[] = [];
  /** What each file on disk is called here. */
  const names = new Map<string, string>();
  const load = async (name: string, file: { path: string; real: string }): Promise<void> => {
    if (names.has(file.real)) return;
    const other = drafts.find((draft) => draft.proto.name === name);
    if (other !== undefined) throw new SchemaError(`${file.path}: another file is already named "${name}"`);
    names.set(file.real, name);
    read.push(file.path);
    const text = await readText(file.path);
    try {
      drafts.push(parseFile(name, text));
    } catch (error) {
      if (!(error instanceof SchemaError)) throw error;
      report(name, error);
    }
  };

  for (const root of roots) await load(nameOf(root.path, paths), root);
  // `drafts` grows while it is walked: what an import brings is looked at in its turn.
  for (const { proto } of drafts) {
    for (const [index, imported] of proto.dependency.entries()) {
      const file = await firstFile(places.map((place) => join(place, imported)));
      if (file === undefined) {
        if (baseFiles().byName.has(imported)) continue;
        const problem = `${proto.name}: the import "${imported}" is not found${placesText(places)}`;
        report(proto.name, new SchemaError(problem));
        continue;
      }
      await load(imported, file);
      proto.dependency[index] = names.get(file.real) ?? imported;
    }
  }
  return drafts;
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

async function firstFile(candidates: readonly string[]): Promise<{ path: string; real: string } | undefined> {
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
