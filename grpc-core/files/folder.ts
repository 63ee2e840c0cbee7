import type { BigIntStats } from 'node:fs';
import { constants } from 'node:fs';
import { type FileHandle, lstat, mkdir, open, readlink, realpath } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { changedWhileOpened, codeOf } from './file-error.js';

/** Linux's O_PATH, which Node has no name for: a folder that we may pass through need not be one that we may list. */
const pathOnly = process.platform === 'linux' ? 0o10_000_000 : constants.O_RDONLY;
const folderFlags = pathOnly | constants.O_DIRECTORY | constants.O_NOFOLLOW;

/**
 * An open folder. On Linux it is the folder itself that names are looked up in, by `/proc/self/fd/N/name`, which is what `openat` does
 * elsewhere: whatever becomes of its path, we are still in it. Node has no `openat`, so on other systems it is found by its path each time,
 * and `assertStill` compares: that leaves a moment for somebody who may change the folders on the way.
 * Whoever opens it closes it.
 */
export class Folder {
  readonly #handle: FileHandle;
  readonly #path: string;
  readonly #given: string;
  readonly #above: Folder | undefined;
  readonly #anchored: boolean;
  #identity: BigIntStats | undefined;

  private constructor(handle: FileHandle, path: string, given: string, anchored: boolean, above?: Folder) {
    this.#handle = handle;
    this.#path = path;
    this.#given = given;
    this.#anchored = anchored;
    this.#above = above;
  }

  /** A folder by its path, in which links are followed. `anchored: false` is for tests of what other systems do. */
  static async open(directory: string, { anchored = true } = {}): Promise<Folder> {
    const path = await realpath(directory);
    const handle = await open(path, folderFlags);
    try {
      const found = anchored && (await realpath(`/proc/self/fd/${handle.fd}`).catch(() => undefined));
      const folder = new Folder(handle, path, resolve(directory), found === path);
      await folder.#remember();
      return folder;
    } catch (error) {
      await handle.close();
      throw error;
    }
  }

  /** Without links, as it was when it was opened. */
  get path(): string {
    return this.#path;
  }

  /** How absolute links may name it: without links, and as it was given. */
  get spellings(): readonly string[] {
    return [this.#path, this.#given];
  }

  /** The path of a name in this folder, for calls that do not follow a link at its end. */
  at(name: string): string {
    return join(this.#anchored ? `/proc/self/fd/${this.#handle.fd}` : this.#path, name);
  }

  /** The folder of that name in this one. ENOTDIR or ELOOP when it is a link. */
  async open(name: string): Promise<Folder> {
    const handle = await open(this.at(name), folderFlags);
    const path = join(this.#path, name);
    const folder = new Folder(handle, path, path, this.#anchored, this);
    try {
      await folder.#remember();
      return folder;
    } catch (error) {
      await handle.close();
      throw error;
    }
  }

  /** Makes a folder of that name, on disk when this resolves. What exists is left as it is. */
  async make(name: string): Promise<void> {
    try {
      await mkdir(this.at(name));
    } catch (error) {
      if (codeOf(error) === 'EEXIST') return;
      throw error;
    }
    await this.sync();
  }

  /** Where the link of that name leads; undefined when it is no link. */
  async linkTarget(name: string): Promise<string | undefined> {
    try {
      return await readlink(this.at(name));
    } catch (error) {
      if (codeOf(error) === 'EINVAL') return undefined;
      throw error;
    }
  }

  /** A new name is only safe from a power failure when its folder is on disk. */
  async sync(): Promise<void> {
    const handle = await open(this.at('.'), constants.O_RDONLY | constants.O_DIRECTORY);
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  }

  /**
   * Where names are looked up by path: that every folder on the way is still the one that was opened, and that `name` in it is what was opened as
   * `opened`. ABORTED when not.
   */
  async assertStill(name?: string, opened?: BigIntStats): Promise<void> {
    if (this.#anchored) return;
    await this.#above?.assertStill();
    if (this.#identity !== undefined) await assertSame(this.#path, this.#identity);
    if (name !== undefined && opened !== undefined) await assertSame(this.at(name), opened);
  }

  async close(): Promise<void> {
    await this.#handle.close();
  }

  async #remember(): Promise<void> {
    if (!this.#anchored) this.#identity = await this.#handle.stat({ bigint: true });
  }
}

async function assertSame(path: string, opened: BigIntStats): Promise<void> {
  const now = await lstat(path, { bigint: true });
  if (now.ino !== opened.ino || now.dev !== opened.dev) throw changedWhileOpened();
}
