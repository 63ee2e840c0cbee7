import { didYouMean, flagOf, type OptionRow, readOptionText } from '../../gateway/options/index.js';
import type { CommandTable } from './command-table.js';
import { adviceForGrpcurl } from './foreign-flags.js';
import { UsageError } from './settings-error.js';
import { placeholderOf } from './words.js';

/** The texts that a command line gives for its options, by name; of a switch without a value it is "true". */
export interface LineTexts {
  readonly options: ReadonlyMap<string, readonly string[]>;
  /** What belongs to no option, in its order. */
  readonly rest: readonly string[];
}

/** The longest part of a wrong argument that an error repeats, in characters. */
const MAX_SHOWN = 60;

/**
 * Takes a command line apart: `--name value`, `--name=value`, `--switch`, `--switch=false`. What follows a list up to the next flag belongs to
 * it: `--proto a b` is `--proto a --proto b`. A command that `takesRest` has arguments of its own: there a list gets one value each time, and what
 * follows `--` is no option. Throws `UsageError`.
 */
export function parseLine(table: CommandTable, line: readonly string[], takesRest: boolean): LineTexts {
  const names = new Map(
    Object.entries(table)
      .filter(([, row]) => !row.variableOnly)
      .map(([name]) => [flagOf(name), name]),
  );
  const shorts = new Map<string, string>(
    Object.entries(table).flatMap(([name, { short }]) =>
      short === undefined ? [] : [[`-${short}`, `--${flagOf(name)}`] as const],
    ),
  );
  const texts = new Map<string, string[]>();
  const rest: string[] = [];
  for (let index = 0; index < line.length; ) {
    const argument = line[index] as string;
    if (takesRest && argument === '--') {
      rest.push(...line.slice(index + 1));
      break;
    }
    if (takesRest && !argument.startsWith('-')) {
      rest.push(argument);
      index += 1;
      continue;
    }
    const [flag, inline] = splitArgument(shorts.get(argument) ?? argument, names.keys(), takesRest);
    index += 1;
    const name = names.get(flag);
    const row = name === undefined ? undefined : table[name];
    if (name === undefined || row === undefined) {
      throw unknownOption(`--${shown(flag)}`, flag, names.keys(), takesRest);
    }
    const given = texts.get(name);
    if (given !== undefined && row.type !== 'list') throw new UsageError(`--${flag} is given twice`);
    const values = inline === undefined ? [] : [inline];
    if (inline === undefined && row.type === 'switch') values.push('true');
    // A value may begin with one hyphen: "-1" is a wrong number, and no option.
    else if (inline === undefined && index < line.length && !line[index]?.startsWith('--')) {
      values.push(line[index] as string);
      index += 1;
    }
    if (values.length === 0) throw new UsageError(`--${flag} needs a value: ${placeholderOf(row)}`);
    while (!takesRest && row.type === 'list' && index < line.length && !line[index]?.startsWith('-')) {
      values.push(line[index] as string);
      index += 1;
    }
    texts.set(name, [...(given ?? []), ...values]);
  }
  return { options: texts, rest };
}

/** The values of the texts of one option. Throws `UsageError` that names the flag. */
export function valuesOfLine(name: string, row: OptionRow, texts: readonly string[]) {
  const separated =
    row.type === 'list' && row.commas
      ? texts.flatMap((text) => text.split(',')).map((entry) => entry.trim())
      : texts;
  return valuesOf(`--${flagOf(name)}`, row, separated);
}

/** The value of one option from its texts. Throws `UsageError` that names `source`. */
export function valuesOf(source: string, row: OptionRow, texts: readonly string[]) {
  const values = texts.map((text) => {
    const reading = readOptionText(row, text);
    if ('fault' in reading) throw new UsageError(`${source} ${reading.fault}`);
    return reading.value;
  });
  return row.type === 'list' ? (values as string[]) : values[0];
}

/** A command with arguments of its own calls others, as grpcurl does. */
function unknownOption(
  argument: string,
  flag: string,
  flags: Iterable<string>,
  takesRest: boolean,
): UsageError {
  const advice = takesRest ? adviceForGrpcurl(flag) : undefined;
  const end =
    advice === undefined
      ? didYouMean(flag, flags, (meant) => `--${meant}`)
      : `, as grpcurl has it: ${advice}`;
  return new UsageError(`unknown option ${argument}${end}`);
}

function splitArgument(
  argument: string,
  flags: Iterable<string>,
  takesRest: boolean,
): [flag: string, inline?: string] {
  if (argument.startsWith('--') && argument.length > 2) {
    const end = argument.indexOf('=');
    return end < 0 ? [argument.slice(2)] : [argument.slice(2, end), argument.slice(end + 1)];
  }
  if (argument.startsWith('-') && argument.length > 1) {
    const flag = argument.replace(/^-+/, '').split('=', 1)[0] ?? '';
    throw unknownOption(shown(argument), flag, flags, takesRest);
  }
  throw new UsageError(`unexpected argument ${JSON.stringify(cut(argument))}: options begin with --`);
}

function cut(text: string): string {
  return text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}...` : text;
}

/** A text on one line, in quotes where it has anything unusual. */
function shown(text: string): string {
  const short = cut(text);
  return /^[\w.-]+$/.test(short) ? short : JSON.stringify(short);
}
