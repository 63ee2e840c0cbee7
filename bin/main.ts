import { didYouMean } from '../gateway/options/index.js';
import { COMMANDS } from './commands/index.js';
import { escaped } from './escaped.js';
import { liveUntilSignal, untilDone } from './lifetime.js';
import { SettingsError, UsageError, unknownVariables } from './options/index.js';
import type { Signals } from './signals.js';
import { usage } from './usage.js';
import { readVersion } from './version.js';

/** Help is a switch, so it may have a value as others may. `-H` is something else. */
const HELP = /^(?:-h|--help(?:=(?:1|true|yes|TRUE|YES|True|Yes))?)$/;

/** The longest line for people, in characters before escapes: longer than any that we write ourselves. */
const MAX_LINE = 1_000;

/** Runs the command line. Exits with a code when that has an end; a command that serves lives on. */
export async function main(argv: readonly string[], signals: Signals): Promise<void> {
  const [name = '', ...line] = argv;
  if (name === '--version' || name === '-v' || name === 'version') return print(`${readVersion()}\n`);
  if (name === '--help' || name === '-h' || name === 'help') {
    const [about] = line;
    if (about !== undefined && !isCommand(about)) return failUnknown(about);
    return print(usage(about));
  }
  const chosen = isCommand(name) ? COMMANDS[name] : undefined;
  if (chosen === undefined) return failUnknown(name);
  if (line.some((argument) => HELP.test(argument))) return print(usage(name));
  if (line.includes('--version')) return print(`${readVersion()}\n`);
  const tables = Object.values(COMMANDS).map(({ table }) => table);
  for (const problem of unknownVariables(process.env, tables)) {
    process.stderr.write(`${oneShortLine(`sluice ${name}: ${problem}`)}\n`);
  }
  try {
    const outcome = await chosen.run(line, process.env);
    if ('printed' in outcome) return print(outcome.printed);
    if ('errand' in outcome) return process.exit(await untilDone(outcome.errand, signals));
    liveUntilSignal(outcome.running, signals, (reason) => fail(reason, name));
  } catch (reason) {
    fail(reason, name);
  }
}

function isCommand(name: string): boolean {
  return Object.hasOwn(COMMANDS, name);
}

/** Signals are listened for, and that does not keep the process alive: it ends when the text is written. */
function print(text: string | Uint8Array): void {
  process.stdout.write(text);
}

function failUnknown(name: string): never {
  const short = JSON.stringify(name.slice(0, 60));
  const problem =
    name === ''
      ? ''
      : `sluice: there is no command ${escaped(short)}${didYouMean(name, Object.keys(COMMANDS))}\n\n`;
  process.stderr.write(problem + usage());
  process.exit(2);
}

/** One clear line, and the exit code: 2 for a wrong command line or configuration, 1 for what went wrong afterwards, unless the error has one of its own. */
function fail(reason: unknown, name: string): never {
  const message = reason instanceof Error ? reason.message : String(reason);
  const advice = reason instanceof UsageError ? ` (see sluice ${name} --help)` : '';
  process.stderr.write(`${oneShortLine(`sluice ${name}: ${message}`)}${advice}\n`);
  const { exitCode } = (reason ?? {}) as { readonly exitCode?: unknown };
  process.exit(typeof exitCode === 'number' ? exitCode : reason instanceof SettingsError ? 2 : 1);
}

/** Names of files and variables may hold anything, and be of any length; an address that is refused may hold a password before its @. */
function oneShortLine(text: string): string {
  const shown = text.trimEnd().replace(/(?<=\/\/|")[^\s/"@]+@/g, '***@');
  return escaped(shown.slice(0, MAX_LINE));
}
