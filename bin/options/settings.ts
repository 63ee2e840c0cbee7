import type { FileOption } from '../../gateway/index.js';
import {
  defaultOf,
  type OptionRow,
  type OptionValue,
  type OptionValues,
  variableOf,
} from '../../gateway/options/index.js';
import { parseLine, valuesOf, valuesOfLine } from './command-line.js';
import { type CommandOption, type CommandTable, FILE_SECTIONS } from './command-table.js';
import { nameByOrigin, type Origin } from './origin.js';
import { readBounded } from './read-file.js';
import { SettingsError, UsageError } from './settings-error.js';

/** The configuration file, as the gateway has read it. Its types alone: help and a wrong line must not wait for the gateway to load. */
type ReadFile = Awaited<ReturnType<typeof readConfigFile>>;

/** What a command was told: a value for each of its options, and where each comes from. */
export interface Settings<Table extends CommandTable = CommandTable> {
  readonly table: Table;
  readonly values: OptionValues<Table>;
  readonly origins: { readonly [Name in keyof Table]: Origin };
  readonly file: ReadFile | undefined;
  /** What of the command line belongs to no option; nothing for commands that take nothing else. */
  readonly rest: readonly string[];
}

/** What else than options the command line of a command has. */
export interface LineForm {
  /** It has arguments of its own. Default false: then every argument is an option or its value. */
  readonly takesRest?: boolean;
}

interface Given {
  readonly value: OptionValue;
  readonly origin: Origin;
}

/**
 * Reads the options of a command: the command line wins over the environment, that over the configuration file, that over the defaults. An empty
 * variable counts as none. Rejects with `SettingsError` for what is wrong, and with another error for a configuration file that cannot be read.
 */
export async function readSettings<Table extends CommandTable>(
  table: Table,
  line: readonly string[],
  environment: NodeJS.ProcessEnv,
  { takesRest = false }: LineForm = {},
): Promise<Settings<Table>> {
  const { options: texts, rest } = parseLine(table, line, takesRest);
  const given = new Map<string, Given>();
  for (const [name, row] of Object.entries(table)) {
    const own = fromLine(name, row, texts.get(name)) ?? fromEnvironment(name, row, environment);
    if (own !== undefined) given.set(name, own);
  }
  const { value: path, origin } = given.get('config') ?? {};
  const file =
    typeof path === 'string' && origin !== undefined
      ? await readConfigFile(nameByOrigin('config', origin), path)
      : undefined;
  const values: Record<string, OptionValue> = {};
  const origins: Record<string, Origin> = {};
  for (const [name, row] of Object.entries(table)) {
    const { value, origin } = given.get(name) ??
      fromFile(row, file) ?? { value: defaultOf(row), origin: { kind: 'default' } };
    values[name] = value;
    origins[name] = origin;
  }
  return { table, values, origins, file, rest } as unknown as Settings<Table>;
}

/** An option as whoever set it has written it, for errors. */
export function nameOf({ origins }: Pick<Settings, 'origins'>, name: string): string {
  return nameByOrigin(name, origins[name] ?? { kind: 'default' });
}

/** What is wrong with the value of an option, named as whoever gave it has written it. */
export function faultOf(
  settings: Pick<Settings, 'origins'>,
  name: string,
  problem: string,
  cause?: unknown,
): SettingsError {
  const Kind = settings.origins[name]?.kind === 'file' ? SettingsError : UsageError;
  return new Kind(`${nameOf(settings, name)}${problem}`, { cause });
}

/** The file with its options. Rejects with `SettingsError` for a mistake in it. */
export async function readConfigFile(source: string, path: string) {
  const { ConfigError, parseConfigFile } = await import('../../gateway/index.js');
  const bytes = await readBounded(path).catch((cause: Error) => {
    throw new Error(`${source} ${path}: ${cause.message}`, { cause });
  });
  try {
    const file = await parseConfigFile(bytes.toString('utf8'), path, FILE_SECTIONS);
    return { ...file, path };
  } catch (cause) {
    if (cause instanceof ConfigError) throw new SettingsError(cause.message, { cause });
    throw cause;
  }
}

function fromLine(name: string, row: OptionRow, texts: readonly string[] | undefined): Given | undefined {
  return texts && { value: valuesOfLine(name, row, texts), origin: { kind: 'flag' } };
}

function fromEnvironment(
  name: string,
  row: CommandOption,
  environment: NodeJS.ProcessEnv,
): Given | undefined {
  const variable = variableOf(name);
  const text = row.lineOnly ? '' : (environment[variable] ?? '');
  if (text === '') return undefined;
  const entries = row.type === 'list' ? text.split(',').map((entry) => entry.trim()) : [text];
  const present = row.type === 'list' ? entries.filter((entry) => entry !== '') : entries;
  return { value: valuesOf(variable, row, present), origin: { kind: 'environment', variable } };
}

function fromFile(row: CommandOption, file: ReadFile | undefined): Given | undefined {
  const { place } = row;
  if (place === undefined || file === undefined) return undefined;
  const option = file.options.find(
    ({ section, name }) =>
      name === place.key &&
      (section === place.section || (section === 'limits' && place.section === 'gateway')),
  );
  if (option === undefined) return undefined;
  const path = [option.section, option.name];
  return {
    value: valueFromFile(row, option),
    origin: { kind: 'file', at: file.placeOf(path), path: path.join('.') },
  };
}

/** YAML has true and false where a text has "on" and "off". */
function valueFromFile(row: OptionRow, { value }: FileOption): OptionValue {
  return row.type === 'choice' ? (row.aliases?.[String(value)] ?? value) : value;
}
