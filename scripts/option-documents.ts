// What documents say of options, made from the tables of options: the tables between markers in README.md and docs/configuration.md, and
// docs/config.schema.json. `npm run generate` writes them; test/docs/options.test.ts compares them.
import { HELP_GROUPS } from '../bin/help.js';
import {
  CORE_COMMAND,
  type CommandOption,
  type CommandTable,
  defaultInWords,
  FILE_SECTIONS,
  GATEWAY_COMMAND,
  START_COMMAND,
} from '../bin/options/index.js';
import { configJsonSchema } from '../gateway/index.js';
import { flagOf } from '../gateway/options/index.js';

const BEGIN = '<!-- options: made by npm run generate -->';
const END = '<!-- end of options -->';

/** The options that a new user meets first, for the README. */
const FIRST_OPTIONS: readonly (keyof typeof GATEWAY_COMMAND | keyof typeof START_COMMAND)[] = [
  'listen',
  'adminListen',
  'publicHealth',
  'basePath',
  'config',
  'printConfig',
  'upstream',
  'upstreamTls',
  'upstreamCa',
  'upstreamCert',
  'upstreamKey',
  'reflectionMetadata',
  'allowOrigin',
  'allowHost',
  'forwardHeader',
  'ingressOwnsAuthorization',
  'trustedProxies',
  'maxMessageBytes',
  'exchangesPerAddress',
  'connectionsPerAddress',
  'exchanges',
  'callsPerSecond',
  'unfinishedBytes',
  'upstreamConnections',
  'logFormat',
  'logCalls',
  'graceMs',
  'dataDir',
];

/** The documents by their paths, as they should be; `read` gives their texts as they are. */
export async function optionDocuments(read: (path: string) => string): Promise<ReadonlyMap<string, string>> {
  const gateway: CommandTable = GATEWAY_COMMAND;
  const core: CommandTable = CORE_COMMAND;
  const sections = HELP_GROUPS.flatMap((group) => {
    const names = Object.keys(gateway).filter((name) => gateway[name]?.group === group);
    return names.length === 0 ? [] : [`### ${group}`, '', ...tableOf(gateway, names), ''];
  });
  const ofCore = Object.keys(core).filter((name) => gateway[name] === undefined || name === 'listen');
  const all = [...sections, '### Core service', '', ...tableOf(core, ofCore)];
  const first = tableOf({ ...START_COMMAND, ...gateway }, FIRST_OPTIONS);
  const schema = await configJsonSchema(FILE_SECTIONS);
  return new Map([
    ['README.md', between(read('README.md'), first)],
    ['docs/configuration.md', between(read('docs/configuration.md'), all)],
    ['docs/config.schema.json', `${JSON.stringify(schema, undefined, 2)}\n`],
  ]);
}

function between(text: string, lines: readonly string[]): string {
  const [before, rest] = text.split(BEGIN);
  const after = rest?.split(END)[1];
  if (after === undefined) throw new Error(`a document has no ${BEGIN} with ${END} after it`);
  return `${before}${BEGIN}\n\n${lines.join('\n')}\n\n${END}${after}`;
}

function tableOf(table: CommandTable, names: readonly string[]): string[] {
  const rows = names.map((name) => {
    const row = table[name] as CommandOption;
    const cells = [`\`--${flagOf(name)}\``, defaultCell(row), acceptsCell(row), row.help];
    return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  });
  return ['| flag | default | accepts | |', '|---|---|---|---|', ...rows];
}

function defaultCell(row: CommandOption): string {
  const isText = (row.type === 'text' || row.type === 'choice') && row.default !== undefined;
  return isText ? `\`${row.default}\`` : defaultInWords(row);
}

function acceptsCell(row: CommandOption): string {
  switch (row.type) {
    case 'number':
      return `${row.min} to ${row.max}`;
    case 'ratio':
      return '0 to 1';
    case 'choice':
      return row.choices.join(', ');
    case 'switch':
      return 'true, false';
    case 'list':
      return `${row.value}, several`;
    case 'text':
      return row.value;
  }
}
