import { constants } from 'node:fs';
import { type FileHandle, lstat, mkdir, open, realpath, rename, stat } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { status } from '@grpc/grpc-js';
import { CoreError, invalid } from '../errors.js';
import { errorFromFile, notRegular } from './file-error.js';
import { namesOf, ownFolder } from './file-path.js';

/** The data directory as the root of every `file_path`. Nothing outside it, and nothing of the core's own, is ever opened. */
export class FileRoot {
  /** Without links, so that other real paths can be compared with it. */
  readonly #root: string;

  private constructor(root: string) {
    this.#root = root;
  }

  /** The folder must exist. */
  static async at(directory: string): Promise<FileRoot> {
    return new FileRoot(await realpath(directory));
  }

  /**
   * Opens a regular file for reading; whoever opens it closes it. Links are followed as long as they stay inside. NOT_FOUND, PERMISSION_DENIED, or
   * INVALID_ARGUMENT naming `file_path`.
   */
  async open(filePath: string): Promise<FileHandle> {
    const names = namesOf(filePath);
    try {
      const real = await realpath(join(this.#root, ...names));
      this.#assertInside(real);
      // `real` has no link in it; if its end became one since, O_NOFOLLOW refuses. O_NONBLOCK: a pipe must not make us wait.
      const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
      const file = await open(real, flags);
      try {
        await this.#assertStill(real, file);
        return file;
      } catch (error) {
        await file.close();
        throw error;
      }
    } catch (error) {
      throw errorFromFile(error);
    }
  }

  /** Whether a file may be stored there, as far as can be known before it is whole. The same errors as `place`. */
  async assertPlace(filePath: string): Promise<void> {
    await this.#targetOf(namesOf(filePath), false);
  }

  /**
   * Moves a finished temporary file to its place, atomically, replacing a regular file of that name. Folders on the way are
   * made. Resolves when the new name is on disk.
   */
  async place(temporary: string, filePath: string): Promise<void> {
    const names = namesOf(filePath);
    const { folder, target } = await this.#targetOf(names, true);
    try {
      await rename(temporary, target);
      await syncFolder(folder);
    } catch (error) {
      throw errorFromFile(error);
    }
  }

  /** Where those names lead, walking down so that no link can lead out. Missing folders are made or, if not, end the walk. */
  async #targetOf(
    names: readonly string[],
    make: boolean,
  ): Promise<{ readonly folder: string; readonly target: string }> {
    let folder = this.#root;
    try {
      for (const name of names.slice(0, -1)) {
        const below = join(folder, name);
        if (make && (await makeFolder(below))) await syncFolder(folder);
        const known = await realpath(below).catch(ifMissing);
        if (known === undefined && make) throw invalid('file_path', 'leads through a broken link');
        if (known === undefined) return { folder, target: below };
        this.#assertInside(known);
        if (!(await stat(known)).isDirectory())
          throw invalid('file_path', `${JSON.stringify(name)} is not a folder`);
        folder = known;
      }
      const target = join(folder, names.at(-1) ?? '');
      this.#assertInside(target);
      const existing = await lstat(target).catch(ifMissing);
      if (existing !== undefined && !existing.isFile()) throw notRegular();
      return { folder, target };
    } catch (error) {
      throw errorFromFile(error);
    }
  }

  #assertInside(real: string): void {
    const names = relative(this.#root, real).split(sep);
    if (names[0] === '..') throw invalid('file_path', 'leaves the data directory');
    if (names[0]?.toLowerCase() === ownFolder) throw invalid('file_path', `${ownFolder} is the core's own`);
  }

  /** The opened file is a regular one and is what `real` names now: a folder swapped for a link in between is found out. */
  async #assertStill(real: string, file: FileHandle): Promise<void> {
    const opened = await file.stat({ bigint: true });
    if (!opened.isFile()) throw notRegular();
    const again = await realpath(real);
    const named = await stat(again, { bigint: true });
    if (again !== real || named.dev !== opened.dev || named.ino !== opened.ino) {
      throw new CoreError(status.ABORTED, 'file_path: changed while it was opened, try again');
    }
  }
}

function ifMissing(reason: unknown): undefined {
  if (reason instanceof Error && 'code' in reason && reason.code === 'ENOENT') return undefined;
  throw reason;
}

/** Whether it was made; something that exists is left as it is. */
async function makeFolder(folder: string): Promise<boolean> {
  try {
    await mkdir(folder);
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
    throw error;
  }
}

/** A new name is only safe from a power failure when its folder is on disk. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
