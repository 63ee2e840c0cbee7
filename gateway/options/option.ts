/** What a number counts, with its name in sentences. */
export const UNITS = {
  ms: 'milliseconds',
  bytes: 'bytes',
  calls: 'calls',
  connections: 'connections',
  exchanges: 'exchanges',
  servers: 'servers',
  callsPerSecond: 'calls a second',
  bytesPerSecond: 'bytes a second',
} as const;

/** The longest delay that a Node timer keeps, and more than any other number here needs. */
export const MAX_WHOLE_NUMBER = 2 ** 31 - 1;

interface Described {
  /** The heading under which help texts and documents list it. */
  readonly group: string;
  /** One phrase for help texts and documents: small letter first, no full stop. */
  readonly help: string;
}

export interface NumberOption extends Described {
  readonly type: 'number';
  readonly unit: keyof typeof UNITS;
  readonly default: number;
  /** The least and the most that is accepted. */
  readonly min: number;
  readonly max: number;
  /** The default in words, where it is more than the number: then a number that is set means something else than the same one by default. */
  readonly defaultText?: string;
}

export interface TextOption extends Described {
  readonly type: 'text';
  /** What help shows for the value, for example FILE. */
  readonly value: string;
  /** Absent: not set. */
  readonly default?: string;
}

export interface ChoiceOption extends Described {
  readonly type: 'choice';
  readonly choices: readonly string[];
  readonly default: string;
  /** Other ways to write a choice, for example "true" for "on". */
  readonly aliases?: Readonly<Record<string, string>>;
}

export interface ListOption extends Described {
  readonly type: 'list';
  readonly value: string;
  /** Whether a comma on the command line separates two entries. In a variable it always does. */
  readonly commas: boolean;
  /** Whether an entry may hold a credential, which then is never printed. */
  readonly secret?: true;
}

/** On or off; off by default. */
export interface SwitchOption extends Described {
  readonly type: 'switch';
}

/** A part of a whole, from 0 to 1. */
export interface RatioOption extends Described {
  readonly type: 'ratio';
  readonly default: number;
}

/** One row of a table of options: all that flag, variable, file, help and documents need to know. */
export type OptionRow = NumberOption | RatioOption | TextOption | ChoiceOption | ListOption | SwitchOption;

/** Rows by their names, which are the keys of the configuration file: `maxMessageBytes` is `--max-message-bytes` and SLUICE_MAX_MESSAGE_BYTES. */
export type OptionTable = Readonly<Record<string, OptionRow>>;

export type OptionValue = number | string | boolean | readonly string[] | undefined;

/** The type of the value that a row gives. */
export type ValueOfOption<Row extends OptionRow> = Row extends { readonly type: 'number' | 'ratio' }
  ? number
  : Row extends { readonly type: 'switch' }
    ? boolean
    : Row extends { readonly type: 'list' }
      ? readonly string[]
      : Row extends { readonly type: 'choice'; readonly choices: readonly (infer Choice)[] }
        ? Choice
        : Row extends { readonly type: 'text'; readonly default: string }
          ? string
          : string | undefined;

/** The values of a table, by name. */
export type OptionValues<Table extends OptionTable> = {
  readonly [Name in keyof Table]: ValueOfOption<Table[Name]>;
};

/** `maxMessageBytes` is `max-message-bytes` on the command line, after two hyphens. */
export function flagOf(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

/** `maxMessageBytes` is SLUICE_MAX_MESSAGE_BYTES in the environment. */
export function variableOf(name: string): string {
  return `SLUICE_${flagOf(name).replaceAll('-', '_').toUpperCase()}`;
}

/** The value of an option that is not given. */
export function defaultOf(row: OptionRow): OptionValue {
  switch (row.type) {
    case 'list':
      return [];
    case 'switch':
      return false;
    default:
      return row.default;
  }
}
