import { mkdir, readdir, readFile } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { damageOfLog } from './level-log.js';
import { damageOfTable } from './level-table.js';

const OWN_NAMES = /^(CURRENT|LOCK|LOG|LOG\.old|MANIFEST-\d+|\d+\.(log|ldb|sst|dbtmp))$/;
/** What LevelDB has written before a store is one: a process that is killed then leaves these. */
const FIRST_NAMES = /^(LOCK|LOG|LOG\.old|MANIFEST-000001|\d+\.dbtmp)$/;
const CHECKS: ReadonlyMap<string, (file: Buffer) => number | undefined> = new Map([
  ['.log', damageOfLog],
  ['.ldb', damageOfTable],
  ['.sst', damageOfTable],
]);

/**
 * Makes the folder of a store, or looks whether the one that is there can be trusted: LevelDB begins an empty store where its file CURRENT is missing, and drops
 * without a word what is damaged in its log. Rejects with one line that names the folder and says what to do.
 */
export async function makeStoreFolder(directory: string): Promise<void> {
  let names: readonly string[];
  try {
    await mkdir(directory, { recursive: true });
    names = await readdir(directory);
  } catch (cause) {
    throw new Error(`cannot use the folder ${directory} for the store: ${(cause as Error).message}`, {
      cause,
    });
  }
  const foreign = names.find((name) => !OWN_NAMES.test(name));
  if (!names.includes('CURRENT')) {
    if (foreign !== undefined) {
      throw new Error(
        `${directory} is not a store: it has a file ${JSON.stringify(foreign)} and none called CURRENT. Move it away, or name another data directory`,
      );
    }
    if (names.every((name) => FIRST_NAMES.test(name))) return;
    throw storeDamaged(directory, 'its file CURRENT is missing');
  }
  if (!names.some((name) => name.endsWith('.log'))) throw storeDamaged(directory, 'its .log file is missing');
  for (const name of names) {
    const damageOf = CHECKS.get(extname(name));
    const damage = damageOf?.(await readFile(join(directory, name)));
    if (damage !== undefined) throw storeDamaged(directory, `${name} is damaged at byte ${damage}`);
  }
}

/** For a store that lost something: nobody may think that it is empty. */
export function storeDamaged(directory: string, problem: string, cause?: unknown): Error {
  return new Error(
    `the store in ${directory} is damaged: ${problem}. Restore the folder from a backup, or move it away to begin with an empty store`,
    { cause },
  );
}
