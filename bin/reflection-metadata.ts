import { faultOfPair } from '../gateway/index.js';
import { UsageError } from './flags.js';

const FLAG = '--reflection-metadata';
/** A file of credentials is small; another file is a mistake. */
const MAX_FILE_BYTES = 64 * 1024;

type Pair = readonly [name: string, value: string];

/**
 * The metadata for reflection calls: `name=value` or `name: value`, or `@FILE` with one of them a line, where empty lines and those that begin with #
 * are skipped. Throws `UsageError` that says the name and never the value; `readFile` throws for itself.
 */
export async function readReflectionMetadata(
  values: readonly string[],
  readFile: (flag: string, file: string) => Promise<Buffer>,
): Promise<readonly Pair[]> {
  const pairs: Pair[] = [];
  for (const value of values) {
    if (!value.startsWith('@')) {
      pairs.push(pairFrom(value, FLAG));
      continue;
    }
    const file = value.slice(1);
    const content = await readFile(FLAG, file);
    if (content.length > MAX_FILE_BYTES) {
      throw new UsageError(`${FLAG} ${file}: longer than ${MAX_FILE_BYTES} bytes`);
    }
    for (const [index, line] of content.toString('utf8').split('\n').entries()) {
      const text = line.trim();
      if (text !== '' && !text.startsWith('#'))
        pairs.push(pairFrom(text, `${FLAG} ${file}, line ${index + 1}`));
    }
  }
  return pairs;
}

function pairFrom(text: string, place: string): Pair {
  const end = text.search(/[=:]/);
  if (end <= 0) throw new UsageError(`${place}: write it like name=value, name: value or @FILE`);
  const name = text.slice(0, end).trim().toLowerCase();
  const value = text.slice(end + 1).trim();
  const fault = faultOfPair(name, value);
  if (fault !== undefined) throw new UsageError(`${place}: ${fault}`);
  return [name, value];
}
