import { shownMetadataPairs } from '../metadata-pairs.js';
import { type CommandOption, FILE_SECTIONS, oneLine, originText, type Settings } from '../options/index.js';
import { readVersion } from '../version.js';

/**
 * Every option of a command with its value and, as a comment, where that comes from. The text is a configuration file that sets the same; what
 * must not be shown, or has no value, is a comment only.
 */
export function configText(command: string, settings: Settings): string {
  const { file, table } = settings;
  const lines = [
    `# sluice ${command} ${readVersion()}: the options in force, and where each comes from.`,
    '# The command line wins over the environment, that over the file, that over the default.',
  ];
  if (file !== undefined) lines.push(`# config: ${oneLine(file.path)}`);
  for (const section of Object.keys(FILE_SECTIONS)) {
    const rows = Object.entries(table).filter(([, { place }]) => place?.section === section);
    // A section without a key would be null.
    if (rows.length > 0) lines.push('', `${section}:`, ...rows.map((row) => optionLine(settings, ...row)));
  }
  return `${[...lines, ...methodLines(settings), ...ruleLines(settings)].join('\n')}\n`;
}

function optionLine({ values, origins }: Settings, name: string, row: CommandOption): string {
  const origin = origins[name] ?? { kind: 'default' };
  const value = values[name];
  const key = row.place?.key ?? name;
  const from = originText(name, origin);
  if (value === undefined) return `  # ${key}: not set`;
  if (row.type === 'list' && row.secret && (value as readonly string[]).length > 0) {
    const shown = shownMetadataPairs(value as readonly string[]).map(oneLine);
    return `  # ${key}: ${shown.join(', ')} (values are not shown) # ${from}`;
  }
  if (row.type === 'number' && row.defaultText !== undefined && origin.kind === 'default') {
    return `  # ${key}: ${value} # default, ${row.defaultText}`;
  }
  return `  ${key}: ${JSON.stringify(value)} # ${from}`;
}

/** What is set for single methods, which only a file can. */
function methodLines({ file }: Settings): string[] {
  const methods = Object.entries(file?.config.methods ?? {});
  if (file === undefined || methods.length === 0) return [];
  const lines = methods.map(
    ([name, settings]) =>
      `  ${JSON.stringify(name)}: ${JSON.stringify(settings)} # ${oneLine(file.placeOf(['methods', name]))}`,
  );
  return ['', 'methods:', ...lines];
}

/** The paths of methods, which only a file can set. */
function ruleLines({ file }: Settings): string[] {
  const rules = file?.config.http?.rules ?? [];
  if (file === undefined || rules.length === 0) return [];
  const lines = rules.map(
    (rule, number) =>
      `    - ${JSON.stringify(rule)} # ${oneLine(file.placeOf(['http', 'rules', String(number)]))}`,
  );
  return ['', 'http:', '  rules:', ...lines];
}
