import { createHash } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { codeOf, errorFromFile } from './file-error.js';
import { FileRoot } from './file-root.js';
import { Folder } from './folder.js';

/** Where the files of one call are. */
export interface UsedRoot {
  readonly root: FileRoot;
  /** The call is over. */
  close(): Promise<void>;
}

/** Where the files of calls are. Whoever opens it closes it. */
export interface FileRoots {
  /** Those of a subject; of anybody where it is undefined. To `store` makes what is missing; to `read` is NOT_FOUND then. Whoever gets it closes it. */
  use(subject: string | undefined, purpose: 'read' | 'store'): Promise<UsedRoot>;
  close(): Promise<void>;
}

/** One root for all calls, which stays open. */
export function sharedFiles(root: FileRoot): FileRoots {
  const used: UsedRoot = { root, close: async () => undefined };
  return { use: async () => used, close: async () => undefined };
}

/**
 * A folder for each subject, named by the SHA-256 of it: a subject is any text, and two that differ have different names also where a file system does not
 * tell upper from lower case or takes two spellings of a letter for one. What is in a folder is reached through its own `FileRoot`, so no path leads
 * to another's. Makes `directory` when it is missing.
 */
export async function filesOfSubjects(directory: string): Promise<FileRoots> {
  await mkdir(directory, { recursive: true });
  const folder = await Folder.open(directory);
  return {
    async use(subject, purpose) {
      if (subject === undefined) throw new Error('files are kept per subject, and the call has none');
      const name = folderNameOf(subject);
      try {
        const root = await FileRoot.below(folder, name).catch(async (error: unknown) => {
          if (purpose === 'read' || codeOf(error) !== 'ENOENT') throw error;
          await folder.make(name);
          return await FileRoot.below(folder, name);
        });
        return { root, close: () => root.close() };
      } catch (error) {
        throw errorFromFile(error);
      }
    },
    close: () => folder.close(),
  };
}

/** The name of a subject's folder: 64 digits of lower-case hexadecimal. */
export function folderNameOf(subject: string): string {
  return createHash('sha256').update(subject, 'utf8').digest('hex');
}
