import { readFileSync } from 'node:fs';
import { CORE_FLAGS, EXAMPLES, GATEWAY_FLAGS, START_FLAGS } from './commands.js';
import { unknownVariables } from './environment.js';
import { type Flags, parseFlags, SettingsError, UsageError, type Values } from './flags.js';
import { type Example, formatExamples, formatFlags } from './help.js';
import { liveUntilSignal, type Running } from './lifetime.js';
import type { Signals } from './signals.js';

interface Command {
  readonly summary: string;
  readonly flags: Flags;
  readonly examples: readonly Example[];
  readonly run: (line: readonly string[]) => Promise<Running>;
}

function command<Table extends Flags>(
  summary: string,
  flags: Table,
  examples: readonly Example[],
  run: (values: Values<Table>) => Promise<Running>,
): Command {
  return { summary, flags, examples, run: (line) => run(parseFlags(flags, line, process.env)) };
}

/** What the commands do, with the gateway and the core: most of a second, which help and a wrong line need not wait for. */
const load = () => import('./run.js');

const COMMANDS: Readonly<Record<string, Command>> = {
  start: command(
    'the core service and the gateway, in one process',
    START_FLAGS,
    EXAMPLES.start,
    async (flags) => {
      const { runBoth } = await load();
      const running = await runBoth(flags);
      greet(running.gateway.url, running.gateway.adminUrl);
      return running;
    },
  ),
  gateway: command(
    'the gateway, in front of any gRPC service',
    GATEWAY_FLAGS,
    EXAMPLES.gateway,
    async (flags) => (await load()).runGateway(flags),
  ),
  core: command(
    'the core gRPC service, with every streaming pattern',
    CORE_FLAGS,
    EXAMPLES.core,
    async (flags) => (await load()).runCore(flags),
  ),
};

/** For people, so not on the standard output, where every line is JSON. What listens on every address is shown as this machine. */
function greet(...urls: readonly [url: string, adminUrl: string]): void {
  const [url, adminUrl] = urls.map((given) => given.replace(/\/\/(\[::\]|0\.0\.0\.0):/, '//127.0.0.1:'));
  process.stderr.write(`
Sluice is running. Ctrl-C stops it, a second one at once.

  page      ${url}/
  unary     curl ${url}/v1/stocks/AAPL
  stream    curl -N '${url}/v1/stocks?symbols=AAPL&symbols=MSFT' -H 'accept: text/event-stream'
  health    ${adminUrl}/readyz

`);
}

function usage(name?: string): string {
  const chosen = name === undefined ? undefined : COMMANDS[name];
  if (chosen !== undefined) {
    return `Usage: sluice ${name} [options]\n\n  ${chosen.summary}\n\nExamples:\n${formatExamples(chosen.examples)}\n\nOptions, each with its environment variable below it. The line wins over the environment.\nTimes are milliseconds.\n\n${formatFlags(chosen.flags)}\n`;
  }
  const list = Object.entries(COMMANDS).map(
    ([command, { summary }]) => `  sluice ${command.padEnd(8)} ${summary}`,
  );
  return `Sluice gives browsers and plain HTTP clients any gRPC service.\n\n${list.join('\n')}\n\nsluice COMMAND --help explains the options. sluice --version prints the version.\n`;
}

/** What the system says of a port that is taken, with what to do. */
function takenPort(reason: unknown): string | undefined {
  const { code, address, port } = (reason ?? {}) as { code?: string; address?: string; port?: number };
  if (code !== 'EADDRINUSE') return undefined;
  const host = address?.includes(':') ? `[${address}]` : address;
  return `cannot listen on ${host}:${port}: the port is taken, choose another one with --listen or --admin-listen`;
}

/** One clear line, and the exit code: 2 for a wrong command line or configuration, 1 for what went wrong afterwards. */
function fail(reason: unknown, name: string): never {
  const wrongLine = reason instanceof UsageError;
  const message = takenPort(reason) ?? (reason instanceof Error ? reason.message : String(reason));
  const advice = wrongLine ? ` (see sluice ${name} --help)` : '';
  process.stderr.write(`sluice ${name}: ${message.split('\n', 1)[0]}${advice}\n`);
  process.exit(reason instanceof SettingsError ? 2 : 1);
}

/** Runs the command line. Exits with a code when that has an end; a command that serves lives on. */
export async function main(argv: readonly string[], signals: Signals): Promise<void> {
  const [name = '', ...line] = argv;
  if (name === '--version' || name === '-v' || name === 'version') return printVersion();
  if (name === '--help' || name === '-h' || name === 'help') {
    process.stdout.write(usage(line[0]));
    return;
  }
  const chosen = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (chosen === undefined) {
    const problem = name === '' ? '' : `sluice: there is no command ${JSON.stringify(name)}\n\n`;
    process.stderr.write(problem + usage());
    process.exit(2);
  }
  if (line.includes('--help') || line.includes('-h')) {
    process.stdout.write(usage(name));
    return;
  }
  if (line.includes('--version')) return printVersion();
  const tables = Object.values(COMMANDS).map(({ flags }) => flags);
  for (const problem of unknownVariables(process.env, tables)) {
    process.stderr.write(`sluice ${name}: ${problem}\n`);
  }
  try {
    liveUntilSignal(await chosen.run(line), signals, (reason) => fail(reason, name));
  } catch (reason) {
    fail(reason, name);
  }
}

function printVersion(): void {
  const { version } = JSON.parse(readFileSync(manifest(), 'utf8')) as { version: string };
  process.stdout.write(`${version}\n`);
}

/** package.json: one folder up from source, two from dist. */
function manifest(): URL {
  return new URL(
    import.meta.url.includes('/dist/bin/') ? '../../package.json' : '../package.json',
    import.meta.url,
  );
}
