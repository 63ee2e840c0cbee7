import { faultOfPair } from '../gateway/upstream/index.js';
import { SettingsError } from './options/index.js';

/** A file of credentials is small; another file is a mistake. */
const MAX_FILE_BYTES = 64 * 1024;

type Pair = readonly [name: string, value: string];

/**
 * Metadata of a command line: `name=value` or `name: value`, or `@FILE` with one of them a line, where empty lines and those that begin with #
 * are skipped. `source` is the option as errors name it. Throws `SettingsError` that says the name and never the value; `readFile` throws for itself.
 */
export async function readMetadataPairs(
  source: string,
  values: readonly string[],
  readFile: (source: string, file: string) => Promise<Buffer>,
): Promise<readonly Pair[]> {
  const pairs: Pair[] = [];
  for (const value of values) {
    if (!value.startsWith('@')) {
      pairs.push(pairFrom(value, source));
      continue;
    }
    const file = value.slice(1);
    const content = await readFile(source, file);
    if (content.length > MAX_FILE_BYTES) {
      throw new SettingsError(`${source} ${file}: longer than ${MAX_FILE_BYTES} bytes`);
    }
    for (const [index, line] of content.toString('utf8').split('\n').entries()) {
      const text = line.trim();
      if (text !== '' && !text.startsWith('#'))
        pairs.push(pairFrom(text, `${source} ${file}, line ${index + 1}`));
    }
  }
  return pairs;
}

/** Checks the entries that are not files. Throws `TypeError` that says the name and never the value. */
export function assertMetadataPairs(values: readonly string[]): void {
  for (const value of values) if (!value.startsWith('@')) parsePair(value);
}

/** The names of the metadata, and the files that hold more of it: everything that may be shown. */
export function shownMetadataPairs(values: readonly string[]): string[] {
  return values.map((value) => (value.startsWith('@') ? value : parsePair(value)[0]));
}

function pairFrom(text: string, place: string): Pair {
  try {
    return parsePair(text);
  } catch (cause) {
    throw new SettingsError(`${place}: ${(cause as Error).message}`, { cause });
  }
}

function parsePair(text: string): Pair {
  const end = text.search(/[=:]/);
  if (end <= 0) throw new TypeError('write it like name=value, name: value or @FILE');
  const name = text.slice(0, end).trim().toLowerCase();
  const value = text.slice(end + 1).trim();
  const fault = faultOfPair(name, value);
  if (fault !== undefined) throw new TypeError(fault);
  return [name, value];
}
