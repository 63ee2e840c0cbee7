import { flagOf } from '../../gateway/options/index.js';
import type { CommandTable } from '../options/index.js';

/** What can be completed, of all commands. */
export interface Completable {
  readonly table: CommandTable;
  /** What stands beside its options. */
  readonly takes?: 'method' | 'symbol' | 'shell';
}

/** Names that only a running gateway or server knows; none where it does not answer at once. `line` is what the command line says so far, without the last word. */
export interface KnownNames {
  methods(line: readonly string[]): Promise<readonly string[]>;
  fields(line: readonly string[], method: string): Promise<readonly string[]>;
}

/** What a shell offers for the last word of a line, and whether it should offer files instead. */
export interface Completion {
  readonly words: readonly string[];
  readonly files: boolean;
}

const FILES: Completion = { words: [], files: true };
const NOTHING: Completion = { words: [], files: false };

/** The words that the last one of a command line may become. `line` begins behind `sluice`; its last word is the one that is being typed, and may be empty. */
export async function completionOf(
  line: readonly string[],
  commands: Readonly<Record<string, Completable>>,
  shells: readonly string[],
  names: KnownNames,
): Promise<Completion> {
  const word = line.at(-1) ?? '';
  const [name = '', ...before] = line.slice(0, -1);
  if (line.length <= 1 || name === 'help') return beginning([...Object.keys(commands), 'help'], word);
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (command === undefined) return NOTHING;
  const option = optionBefore(command.table, before);
  if (option !== undefined) return ofValue(option, word);
  if (word.startsWith('-')) return beginning(flagsOf(command.table), word);
  if (command.takes === 'shell') return beginning(before.length === 0 ? shells : [], word);
  if (command.takes === undefined) return NOTHING;
  const given = argumentsIn(command.table, before);
  const method = given.find((one) => /^\/?[\w.]+(\/\w+)?$/.test(one));
  if (method === undefined) return ofMethods(await names.methods(line.slice(1, -1)), word);
  if (command.takes !== 'method') return NOTHING;
  if (word.includes('=')) return FILES;
  return beginning(
    (await names.fields(line.slice(1, -1), method)).map((field) => `${field}=`),
    word,
  );
}

function beginning(words: readonly string[], word: string): Completion {
  return { words: words.filter((one) => one.startsWith(word)), files: false };
}

/** By their whole names; where none begins so, by what stands behind the slash. */
function ofMethods(paths: readonly string[], word: string): Completion {
  const whole = beginning(paths, word);
  if (whole.words.length > 0) return whole;
  return beginning([...new Set(paths.map((path) => path.slice(path.indexOf('/') + 1)))], word);
}

type Row = CommandTable[string];

/** The option whose value is being typed. */
function optionBefore(table: CommandTable, before: readonly string[]): Row | undefined {
  const row = rowOf(table, before.at(-1) ?? '');
  return row === undefined || row.type === 'switch' ? undefined : row;
}

function rowOf(table: CommandTable, argument: string): Row | undefined {
  return Object.entries(table).find(
    ([name, { short }]) =>
      argument === `--${flagOf(name)}` || (short !== undefined && argument === `-${short}`),
  )?.[1];
}

function ofValue(row: Row, word: string): Completion {
  if (row.type === 'choice') return beginning(row.choices, word);
  const isFile = (row.type === 'text' || row.type === 'list') && /^(?:FILE|DIR|FOLDER)$/.test(row.value);
  return isFile || word.startsWith('@') ? FILES : NOTHING;
}

function flagsOf(table: CommandTable): string[] {
  return Object.entries(table)
    .filter(([, row]) => !row.variableOnly)
    .map(([name]) => `--${flagOf(name)}`);
}

/** What of a line belongs to no option. */
function argumentsIn(table: CommandTable, words: readonly string[]): string[] {
  return words.filter(
    (word, index) => !word.startsWith('-') && optionBefore(table, words.slice(0, index)) === undefined,
  );
}
