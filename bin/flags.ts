import { parseArgs } from 'node:util';
// Help and a wrong line must not load the whole gateway: its options alone.
import { nearest } from '../gateway/options/index.js';

/** The headings of the help, in its order. */
export const GROUPS = [
  'Listening',
  'Service (upstream)',
  'Schema',
  'Who may call',
  'Limits',
  'Times',
  'Core service',
  'Output',
] as const;

/** What one flag is, for parsing, help and the environment at once. */
export interface Flag {
  /** The heading that the help lists it under. */
  readonly group: (typeof GROUPS)[number];
  readonly type: 'text' | 'list' | 'number' | 'switch';
  /** What the help shows for the value, for example FILE. */
  readonly value?: string;
  readonly help: string;
  readonly default?: string;
  /** Numbers only: the least that makes sense. */
  readonly min?: number;
  /** Numbers only: the most that is taken. */
  readonly max?: number;
  /** What the help shows as the default where there must be none here: the configuration file has a word as well. */
  readonly shownDefault?: string;
  /** It asks for something else than to run, so it has no variable. */
  readonly lineOnly?: true;
}

export type Flags = Readonly<Record<string, Flag>>;

/** The values of a table of flags; absent where neither the line, the environment nor a default gives one. */
export type Values<Table extends Flags> = {
  readonly [Name in keyof Table]: Table[Name]['type'] extends 'list'
    ? readonly string[]
    : Table[Name]['type'] extends 'number'
      ? number | undefined
      : Table[Name]['type'] extends 'switch'
        ? boolean
        : string | undefined;
};

/** The longest delay that a Node timer keeps, and more than any other number here needs. */
const MAX_NUMBER = 2 ** 31 - 1;

/** What the process was told is wrong; the message says how to mend it. Exit code 2. */
export class SettingsError extends Error {
  override readonly name: string = 'SettingsError';
}

/** The command line is wrong, or the environment in its place. */
export class UsageError extends SettingsError {
  override readonly name = 'UsageError';
}

/** The environment variable of a flag: `admin-listen` is SLUICE_ADMIN_LISTEN. */
export function variableOf(name: string): string {
  return `SLUICE_${name.toUpperCase().replaceAll('-', '_')}`;
}

/** Reads flags from the line, then the environment (lists separated by commas), then defaults. Throws `UsageError`. */
export function parseFlags<Table extends Flags>(
  table: Table,
  line: readonly string[],
  environment: NodeJS.ProcessEnv,
): Values<Table> {
  const given = parseLine(table, line);
  const values: Record<string, unknown> = {};
  for (const [name, flag] of Object.entries(table)) {
    const variable = variableOf(name);
    const fromEnvironment = flag.lineOnly ? undefined : environment[variable] || undefined;
    const source = given[name] === undefined && fromEnvironment !== undefined ? variable : `--${name}`;
    const raw = given[name] ?? fromEnvironment ?? flag.default;
    values[name] = convert(source, flag, raw);
  }
  return values as Values<Table>;
}

type Raw = string | boolean | (string | boolean)[] | undefined;

function parseLine(table: Flags, line: readonly string[]): Record<string, Raw> {
  const options = Object.fromEntries(
    Object.entries(table).map(([name, flag]) => [
      name,
      {
        type: flag.type === 'switch' ? ('boolean' as const) : ('string' as const),
        multiple: flag.type === 'list',
      },
    ]),
  );
  try {
    return parseArgs({ args: spread(table, line), options, strict: true, allowPositionals: false }).values;
  } catch (reason) {
    // Node adds advice about positionals on further lines and sentences; the first says what is wrong.
    const problem = (reason as Error).message.split(/\. |\n/, 1)[0] ?? 'wrong option';
    const unknown = /^Unknown option '--([^']*)'/.exec(problem)?.[1];
    const meant = unknown === undefined ? undefined : nearest(unknown, Object.keys(table));
    throw new UsageError(meant === undefined ? problem : `${problem}, did you mean --${meant}?`);
  }
}

/** `--proto a b` is `--proto a --proto b`: what follows a list up to the next flag belongs to it. */
function spread(table: Flags, line: readonly string[]): string[] {
  const args: string[] = [];
  let list: string | undefined;
  let values = 0;
  for (const argument of line) {
    if (argument.startsWith('-')) {
      const [name = '', value] = argument.replace(/^--/, '').split('=', 2);
      list = table[name]?.type === 'list' ? `--${name}` : undefined;
      values = value === undefined ? 0 : 1;
    } else if (list !== undefined) {
      if (values > 0) args.push(list);
      values += 1;
    }
    args.push(argument);
  }
  return args;
}

function convert(source: string, flag: Flag, raw: Raw): unknown {
  switch (flag.type) {
    case 'switch':
      if (raw === undefined || typeof raw === 'boolean') return raw ?? false;
      if (/^(1|true|yes)$/i.test(String(raw))) return true;
      if (/^(0|false|no)$/i.test(String(raw))) return false;
      throw new UsageError(`${source} must be true or false, not ${JSON.stringify(raw)}`);
    case 'list':
      if (raw === undefined) return [];
      return Array.isArray(raw)
        ? raw
        : String(raw)
            .split(',')
            .map((item) => item.trim())
            .filter(Boolean);
    case 'number': {
      if (raw === undefined) return undefined;
      if (!/^\d{1,10}$/.test(String(raw))) {
        throw new UsageError(`${source} must be a whole number, not ${JSON.stringify(raw)}`);
      }
      const value = Number(raw);
      const { min = 1, max = MAX_NUMBER } = flag;
      if (value < min || value > max) {
        throw new UsageError(`${source} must be from ${min} to ${max}, not ${value}`);
      }
      return value;
    }
    case 'text':
      if (raw === '') throw new UsageError(`${source} must not be empty`);
      return raw;
  }
}
