import { invalid } from '../base/index.js';

/** Below the data directory, for the core's own state; no `file_path` may name it. */
export const OWN_FOLDER = '.sluice';

const MAX_PATH_BYTES = 1024;
/** What Linux file systems take. */
const MAX_NAME_BYTES = 255;

/**
 * The names in a `file_path`, from outermost to innermost; INVALID_ARGUMENT for anything that is not plainly a path below the data directory.
 * Percent signs are only characters. What is a link on disk is not seen here; see `FileRoot`.
 */
export function namesOf(filePath: string): readonly string[] {
  if (filePath === '') throw invalid('file_path', 'must not be empty');
  if (Buffer.byteLength(filePath) > MAX_PATH_BYTES)
    throw invalid('file_path', `at most ${MAX_PATH_BYTES} bytes`);
  if (filePath.includes('\0')) throw invalid('file_path', 'must not contain NUL');
  if (filePath.includes('\\'))
    throw invalid('file_path', 'must not contain a backslash; names are separated by /');
  if (filePath.startsWith('/')) throw invalid('file_path', 'must be relative to the data directory');
  const names = filePath.split('/');
  for (const name of names) {
    if (name === '') throw invalid('file_path', 'must not contain an empty name');
    if (name === '.' || name === '..') throw invalid('file_path', `must not contain the name ${name}`);
    if (Buffer.byteLength(name) > MAX_NAME_BYTES)
      throw invalid('file_path', `a name has at most ${MAX_NAME_BYTES} bytes`);
  }
  // Some file systems do not tell upper from lower case.
  if (names[0]?.toLowerCase() === OWN_FOLDER) throw invalid('file_path', `${OWN_FOLDER} is the core's own`);
  return names;
}
