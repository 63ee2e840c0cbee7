import { type BigIntStats, constants } from 'node:fs';
import { type FileHandle, lstat, open, rename } from 'node:fs/promises';
import { invalid } from '../base/index.js';
import { changedWhileOpened, codeOf, errorFromFile, notRegular } from './file-error.js';
import { namesOf } from './file-path.js';
import { Folder } from './folder.js';
import { type Place, walk } from './walk.js';

/** O_NOFOLLOW: its end may have become a link. O_NONBLOCK: a pipe must not make us wait. */
const readFlags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/**
 * The data directory as the root of every `file_path`. Nothing outside it, and nothing of the core's own, is ever opened or written, also while somebody swaps
 * its folders for links: see `Folder` for how, and for what other systems than Linux leave open. Whoever opens it closes it.
 */
export class FileRoot {
  readonly #root: Folder;

  private constructor(root: Folder) {
    this.#root = root;
  }

  /** The folder must exist. For `anchored` see `Folder.open`. */
  static async at(directory: string, options?: { readonly anchored: boolean }): Promise<FileRoot> {
    return new FileRoot(await Folder.open(directory, options));
  }

  /** A folder in an open one as a root of its own, which stays usable when the other is closed. ENOENT when it is missing. */
  static async below(folder: Folder, name: string): Promise<FileRoot> {
    return new FileRoot(await folder.open(name));
  }

  /**
   * Opens a regular file for reading; whoever opens it closes it. Links are followed as long as they stay inside. NOT_FOUND, PERMISSION_DENIED, ABORTED
   * when it changes too fast, or INVALID_ARGUMENT naming `file_path`.
   */
  async open(filePath: string): Promise<FileHandle> {
    const names = namesOf(filePath);
    try {
      return await walk(this.#root, names, { purpose: 'read', arrive: openFile });
    } catch (error) {
      throw errorFromFile(error);
    }
  }

  /** Whether a file may be stored there, as far as can be known before it is whole. The same errors as `place`. */
  async assertPlace(filePath: string): Promise<void> {
    const names = namesOf(filePath);
    try {
      await walk(this.#root, names, { purpose: 'check', arrive: fileAt });
    } catch (error) {
      // Folders that are missing are made later, unless a link promises them.
      if (codeOf(error) !== 'ENOENT') throw errorFromPlace(error);
    }
  }

  /**
   * Moves a finished temporary file to its place, atomically, replacing a regular file of that name. Folders on the way are
   * made. Resolves when the new name is on disk, with what it replaced.
   */
  async place(temporary: string, filePath: string): Promise<BigIntStats | undefined> {
    const names = namesOf(filePath);
    const arrive = async (place: Place) => {
      const replaced = await fileAt(place);
      await place.folder.assertStill();
      await rename(temporary, place.folder.at(place.name));
      await place.folder.sync();
      return { replaced };
    };
    try {
      return (await walk(this.#root, names, { purpose: 'store', arrive })).replaced;
    } catch (error) {
      throw errorFromPlace(error);
    }
  }

  async close(): Promise<void> {
    await this.#root.close();
  }
}

async function openFile({ folder, name }: Place): Promise<FileHandle | 'link'> {
  // First what it is: to open some devices is to use them.
  const found = await lstat(folder.at(name), { bigint: true });
  if (found.isSymbolicLink()) return 'link';
  if (!found.isFile()) throw notRegular();
  const file = await open(folder.at(name), readFlags).catch((error: unknown) => {
    if (codeOf(error) === 'ELOOP') return undefined;
    throw error;
  });
  if (file === undefined) return 'link';
  try {
    const opened = await file.stat({ bigint: true });
    if (!opened.isFile()) throw notRegular();
    await folder.assertStill(name, opened);
    return file;
  } catch (error) {
    await file.close();
    throw error;
  }
}

/** The regular file of that name, undefined when there is none. A link is not replaced, wherever it leads. */
async function fileAt({ folder, name }: Place): Promise<BigIntStats | undefined> {
  try {
    const found = await lstat(folder.at(name), { bigint: true });
    if (!found.isFile()) throw notRegular();
    return found;
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

function errorFromPlace(error: unknown): unknown {
  if (codeOf(error) === 'ENOTDIR') return invalid('file_path', 'has a name on its way that is not a folder');
  if (codeOf(error) === 'ENOENT') return changedWhileOpened();
  return errorFromFile(error);
}
