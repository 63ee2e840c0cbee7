import { COMMANDS } from './commands/index.js';
import { formatExamples, formatOptions } from './help.js';

/** The help text of a command, or of all. */
export function usage(name?: string): string {
  const chosen = name === undefined ? undefined : COMMANDS[name];
  if (chosen === undefined) {
    const list = Object.entries(COMMANDS).map(
      ([command, { summary }]) => `  sluice ${command.padEnd(10)} ${summary}`,
    );
    return `Sluice gives browsers and plain HTTP clients any gRPC service.

${list.join('\n')}

sluice help COMMAND, or sluice COMMAND --help, explains the options. sluice --version prints the version.
`;
  }
  return `Usage: sluice ${name} ${chosen.usage ?? '[options]'}

  ${chosen.summary}

Examples:
${formatExamples(chosen.examples)}

${aboutOptions(chosen)}

${formatOptions(chosen.table)}
`;
}

/** Which of several values of an option counts. */
function aboutOptions({ table }: (typeof COMMANDS)[string]): string {
  if (!('config' in table))
    return 'Options. The command line wins over the environment variable (SLUICE_...), that over the default.';
  return `Options. The command line wins over the environment variable (SLUICE_...), that over the file of
--config, that over the default. Options ending in -ms are times in milliseconds.`;
}
