import { type Flag, type Flags, GROUPS, variableOf } from './flags.js';

/** A command line to show, and what it does. */
export interface Example {
  readonly line: string;
  readonly does: string;
}

/** The examples of a help text: what each does is a comment above it, as in a shell. */
export function formatExamples(examples: readonly Example[]): string {
  return examples.map(({ line, does }) => `  # ${does}\n  ${line}`).join('\n');
}

/** The part of a help text that lists the flags, each with its variable, under the headings of `GROUPS`. */
export function formatFlags(table: Flags): string {
  const rows = Object.entries(table).map(([name, flag]) => ({
    group: flag.group,
    left: `--${name}${placeholder(flag)}`,
    right: `${flag.help}${flag.type === 'list' ? ' (may be repeated)' : ''}${fallbackOf(flag)}`,
    variable: flag.lineOnly ? undefined : variableOf(name),
  }));
  const width = rows.reduce((most, { left }) => Math.max(most, left.length), 0);
  const sections = GROUPS.map((group) => {
    const lines = rows
      .filter((row) => row.group === group)
      .map(
        ({ left, right, variable }) =>
          `  ${left.padEnd(width)}  ${right}${variable === undefined ? '' : `\n  ${''.padEnd(width)}  ${variable}`}`,
      );
    return lines.length === 0 ? '' : `${group}:\n${lines.join('\n')}`;
  });
  return sections.filter(Boolean).join('\n\n');
}

function placeholder({ type, value }: Flag): string {
  return type === 'switch' ? '' : ` ${value ?? (type === 'number' ? 'N' : 'TEXT')}`;
}

function fallbackOf({ default: own, shownDefault }: Flag): string {
  const fallback = own ?? shownDefault;
  return fallback === undefined ? '' : ` [${fallback}]`;
}
