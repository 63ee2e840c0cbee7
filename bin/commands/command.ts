import type { Errand } from '../call/index.js';
import type { Example } from '../help.js';
import type { Running } from '../lifetime.js';
import { type CommandTable, readSettings, type Settings } from '../options/index.js';

/** What happens once a command line is understood. */
export type Outcome =
  | { readonly running: Running }
  | { readonly printed: string | Uint8Array }
  | { readonly errand: Errand };

/** One command of `sluice`. */
export interface Command {
  readonly summary: string;
  /** What follows its name on a command line. Default: its options. */
  readonly usage?: string;
  readonly table: CommandTable;
  readonly examples: readonly Example[];
  /** Reads the options, checks them and starts, or says what is in force. Rejects with `SettingsError` for what is wrong with them. */
  run(line: readonly string[], environment: NodeJS.ProcessEnv): Promise<Outcome>;
}

/** What the commands do: help and a wrong line need not wait for it. */
const load = () => import('../run/index.js');

type PrintableTable = CommandTable & { readonly printConfig: { readonly type: 'switch' } };

/** Makes a command; `start` is given what it needs to run, loaded. */
export function command<Table extends PrintableTable>(
  name: string,
  { table, ...rest }: Pick<Command, 'summary' | 'examples'> & { readonly table: Table },
  start: (run: Awaited<ReturnType<typeof load>>, settings: Settings<Table>) => Promise<Running>,
): Command {
  return {
    ...rest,
    table,
    async run(line, environment) {
      const settings = await readSettings(table, line, environment);
      const run = await load();
      await run.checkSettings(settings);
      if (settings.values.printConfig) return { printed: await run.printConfig(name, settings) };
      try {
        return { running: await start(run, settings) };
      } catch (reason) {
        throw run.explainListenFailure(settings, reason);
      }
    },
  };
}
