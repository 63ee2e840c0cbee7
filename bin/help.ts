import { flagOf, MAX_WHOLE_NUMBER, type NumberOption, variableOf } from '../gateway/options/index.js';
import { type CommandOption, type CommandTable, defaultInWords, placeholderOf } from './options/index.js';

/** A command line to show, and what it does. */
export interface Example {
  readonly line: string;
  readonly does: string;
}

/** The headings of the help, in its order. */
export const HELP_GROUPS = [
  'Address',
  'Metadata',
  'Request',
  'Answer',
  'Recorded calls',
  'Listening',
  'Service (upstream)',
  'Schema',
  'Who may call',
  'Traces',
  'Recordings',
  'Limits',
  'Times',
  'Core service',
  'Output',
];

/** Lines are no longer than this, which fits most terminals. */
const MAX_COLUMNS = 96;

/** The examples of a help text: what each does is a comment above it, as in a shell. */
export function formatExamples(examples: readonly Example[]): string {
  return examples.map(({ line, does }) => `  # ${does}\n  ${line}`).join('\n');
}

/** The part of a help text that lists the options, under the headings of `HELP_GROUPS`. */
export function formatOptions(table: CommandTable): string {
  const sections = HELP_GROUPS.map((group) => {
    const rows = Object.entries(table).filter(([, row]) => row.group === group);
    return rows.length === 0 ? '' : `${group}:\n${rows.map(([name, row]) => block(name, row)).join('\n')}`;
  });
  return sections.filter(Boolean).join('\n\n');
}

function block(name: string, row: CommandOption): string {
  const facts = [...factsOf(row), ...(row.lineOnly ? [] : [variableOf(name)])];
  // What is in brackets stays together.
  const words = [...row.help.split(' '), ...facts.map((fact) => `[${fact}]`)];
  const placeholder = placeholderOf(row);
  if (row.variableOnly) return `  ${variableOf(name)}\n${wrapped(row.help.split(' '), '      ')}`;
  return `  --${flagOf(name)}${placeholder && ` ${placeholder}`}\n${wrapped(words, '      ')}`;
}

/** The default with its unit, what is accepted where that is not plain, and how a list is given. */
function factsOf(row: CommandOption): string[] {
  if (row.lineOnly) return [];
  const first = `default: ${defaultInWords(row)}`;
  switch (row.type) {
    case 'number':
      return [first, ...boundsOf(row)];
    case 'ratio':
      return [first, '0 to 1'];
    case 'list':
      return [first, row.commas ? 'repeatable, or separated by commas' : 'repeatable'];
    case 'choice':
      return [first, `one of ${row.choices.join(', ')}`];
    default:
      return [first];
  }
}

/** What every number accepts goes without saying. */
function boundsOf({ min, max }: NumberOption): string[] {
  if (max !== MAX_WHOLE_NUMBER) return [`${min} to ${max}`];
  return min > 1 ? [`at least ${min}`] : [];
}

function wrapped(words: readonly string[], indent: string): string {
  const lines: string[] = [];
  let line = indent;
  for (const word of words) {
    if (line.length + word.length + 1 > MAX_COLUMNS && line !== indent) {
      lines.push(line.trimEnd());
      line = indent;
    }
    line += `${word} `;
  }
  return [...lines, line.trimEnd()].join('\n');
}
