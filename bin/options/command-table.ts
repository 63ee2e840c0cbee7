import { GATEWAY_OPTIONS, type OptionRow, type OptionTable } from '../../gateway/options/index.js';
import { CORE_OPTIONS } from '../../grpc-core/options/index.js';

/** Where the configuration file has an option. */
export interface FilePlace {
  readonly section: keyof typeof FILE_SECTIONS;
  readonly key: string;
}

/** An option of a command: its row, and where else than on the command line it may be set. */
export type CommandOption = OptionRow & {
  readonly place?: FilePlace;
  /** It asks for something else than to run, or is about one call, so it has no variable. */
  readonly lineOnly?: true;
  /** A secret, so it has no flag: command lines can be read by others. */
  readonly variableOnly?: true;
  /** A letter that stands for it: `-o` for `--output`. */
  readonly short?: string;
};

/** The options of a command by name: `maxMessageBytes` is `--max-message-bytes`. */
export type CommandTable = Readonly<Record<string, CommandOption>>;

const LOG_OPTIONS = {
  logLevel: {
    group: 'Output',
    type: 'choice',
    choices: ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'],
    default: 'info',
    help: 'the least serious lines that the log has',
  },
  logFormat: {
    group: 'Output',
    type: 'choice',
    choices: ['auto', 'json', 'pretty'],
    default: 'auto',
    help: 'how a line of the log is written: JSON, or for people; auto is pretty on a terminal and JSON elsewhere',
  },
  logCalls: {
    group: 'Output',
    type: 'choice',
    choices: ['on', 'off'],
    aliases: { true: 'on', false: 'off' },
    default: 'on',
    help: 'whether each finished call, refused request and closed session has a line at level info; warnings and errors always have one',
  },
} as const satisfies OptionTable;

const COMMON = {
  config: {
    group: 'Output',
    type: 'text',
    value: 'FILE',
    help: 'a configuration file (YAML or JSON): options, and settings of single methods; see docs/configuration.md',
  },
  printConfig: {
    group: 'Output',
    type: 'switch',
    lineOnly: true,
    help: 'print every option in force and where it comes from, as a configuration file, and exit',
  },
} as const satisfies CommandTable;

/** What every command has. */
export const HELP_AND_VERSION = {
  help: { group: 'Output', type: 'switch', lineOnly: true, help: 'print this text and exit' },
  version: { group: 'Output', type: 'switch', lineOnly: true, help: 'print the version and exit' },
} as const satisfies CommandTable;

/** The sections of the configuration file that hold options. */
export const FILE_SECTIONS = {
  gateway: { ...GATEWAY_OPTIONS, ...LOG_OPTIONS },
  core: { ...CORE_OPTIONS, ...LOG_OPTIONS },
} as const satisfies Readonly<Record<string, OptionTable>>;

type InFile<Table extends OptionTable> = {
  readonly [Name in keyof Table]: Table[Name] & { readonly place: FilePlace };
};

function inFile<const Table extends OptionTable>(section: FilePlace['section'], table: Table): InFile<Table> {
  return Object.fromEntries(
    Object.entries(table).map(([key, row]) => [key, { ...row, place: { section, key } }]),
  ) as unknown as InFile<Table>;
}

/** The options of the gateway, with their places in the configuration file. */
export const GATEWAY = inFile('gateway', FILE_SECTIONS.gateway);
const CORE = inFile('core', FILE_SECTIONS.core);

export const GATEWAY_COMMAND = { ...GATEWAY, ...COMMON, ...HELP_AND_VERSION };
export const CORE_COMMAND = { ...CORE, ...COMMON, ...HELP_AND_VERSION };

const {
  // The service is the core of the same process.
  upstream: _,
  upstreamAuthority: _authority,
  upstreamTls: _tls,
  upstreamCa: _ca,
  upstreamCert: _cert,
  upstreamKey: _key,
  upstreamServerName: _serverName,
  ...GATEWAY_OF_BOTH
} = GATEWAY;

/** Of options that both have, such as `graceMs`, the gateway's count for the one process. */
export const START_COMMAND = {
  ...GATEWAY_OF_BOTH,
  coreListen: CORE.listen,
  dataDir: CORE.dataDir,
  dataIntervalMs: CORE.dataIntervalMs,
  requireIdentity: CORE.requireIdentity,
  identityMetadata: CORE.identityMetadata,
  filesPerSubject: CORE.filesPerSubject,
  ...COMMON,
  ...HELP_AND_VERSION,
};
