import { lstat } from 'node:fs/promises';
import { isAbsolute, join, relative, sep } from 'node:path';
import { invalid } from '../base/index.js';
import { changedWhileOpened, codeOf, notRegular } from './file-error.js';
import { OWN_FOLDER } from './file-path.js';
import type { Folder } from './folder.js';

/** As many links on one way as Linux follows. */
const MAX_LINKS = 40;

/** A name in an open folder, which whoever gets it closes. */
export interface Place {
  readonly folder: Folder;
  readonly name: string;
}

export interface WalkOptions<Result> {
  /** `store` makes missing folders that the caller named; `store` and `check` say so where a link leads to nothing. */
  readonly purpose: 'read' | 'check' | 'store';
  /**
   * Ends the walk at the last name, in the folder of it. `'link'`: it is a link, and the walk goes on where that leads; only for those who
   * follow it.
   */
  readonly arrive: (place: Place) => Promise<Result | 'link'>;
}

/**
 * Walks down from `root` one name at a time, each looked up in the open folder before it and never through a link: links are read and followed
 * here, so that none can lead out, whoever changes the folders meanwhile. Two folders are open at a time. A link is understood by its text, "a/.." is
 * nothing. INVALID_ARGUMENT when it leads out; ABORTED when the ways change faster than we walk.
 */
export async function walk<Result>(
  root: Folder,
  given: readonly string[],
  options: WalkOptions<Result>,
): Promise<Result> {
  let names = given;
  let ours = given.length;
  let followed = 0;
  for (let links = 0; links <= MAX_LINKS; links += 1) {
    if (names[0]?.toLowerCase() === OWN_FOLDER) throw invalid('file_path', `${OWN_FOLDER} is the core's own`);
    const stopped = await descend(root, names, ours, options);
    if ('result' in stopped) return stopped.result;
    const { at, target } = stopped;
    const rest = names.slice(at + 1);
    ours = Math.min(ours, rest.length);
    if (target === undefined) continue;
    followed += 1;
    names = [...namesBehind(root, names.slice(0, at), target), ...rest];
  }
  throw followed > MAX_LINKS
    ? invalid('file_path', `leads through more than ${MAX_LINKS} links`)
    : changedWhileOpened();
}

/** Either the end, or the link that was met: the index of its name, and where it led unless it was gone when we looked. */
type Descent<Result> = { readonly result: Result } | { readonly at: number; readonly target?: string };

async function descend<Result>(
  root: Folder,
  names: readonly string[],
  ours: number,
  { purpose, arrive }: WalkOptions<Result>,
): Promise<Descent<Result>> {
  let folder = root;
  try {
    for (const [at, name] of names.entries()) {
      if (at === names.length - 1) {
        const result = await arrive({ folder, name });
        return result === 'link' ? await linkAt(folder, name, at) : { result };
      }
      const named = at >= names.length - ours;
      const below = await step(folder, name, named && purpose === 'store').catch((error: unknown) => {
        if (named || purpose === 'read' || codeOf(error) !== 'ENOENT') throw error;
        throw invalid('file_path', 'leads through a broken link');
      });
      if (below === 'link') return await linkAt(folder, name, at);
      if (folder !== root) await folder.close();
      folder = below;
    }
    // A link to the data directory itself.
    throw notRegular();
  } finally {
    if (folder !== root) await folder.close();
  }
}

async function step(folder: Folder, name: string, make: boolean): Promise<Folder | 'link'> {
  if (make) await folder.make(name);
  try {
    return await folder.open(name);
  } catch (error) {
    if (codeOf(error) !== 'ENOTDIR' && codeOf(error) !== 'ELOOP') throw error;
    // A folder now: it was a link a moment ago, and we look again.
    const now = await lstat(folder.at(name));
    if (now.isSymbolicLink() || now.isDirectory()) return 'link';
    throw error;
  }
}

async function linkAt(
  folder: Folder,
  name: string,
  at: number,
): Promise<{ readonly at: number; readonly target?: string }> {
  const target = await folder.linkTarget(name);
  return target === undefined ? { at } : { at, target };
}

function namesBehind(root: Folder, folders: readonly string[], target: string): string[] {
  const path = isAbsolute(target) ? target : join(root.path, ...folders, target);
  for (const spelling of root.spellings) {
    const names = relative(spelling, path).split(sep);
    if (names[0] !== '..' && !isAbsolute(names[0] ?? '')) return names.filter((name) => name !== '');
  }
  throw invalid('file_path', 'leaves the data directory');
}
