import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Test } from 'tap';

const DRIVER = fileURLToPath(new URL('command-lines.mjs', import.meta.url));

export interface CommandLine {
  readonly args: readonly string[];
  readonly environment?: NodeJS.ProcessEnv;
}

/** How a command line ended. */
export interface EndedLine {
  /** The exit code; "still running" for a command that serves. */
  readonly code: number | string;
  /** Standard output and standard error, line by line. */
  readonly lines: readonly string[];
  readonly errors: readonly string[];
}

/**
 * Runs command lines that end, such as wrong ones and `--help`, with the built command: all of them in one process, because a process takes
 * most of a second to load. Rejects when that process ends by itself. For how a process begins and ends, see `process.ts`.
 */
export async function runLines(t: Test, lines: readonly CommandLine[]): Promise<readonly EndedLine[]> {
  const child = spawn(process.execPath, [DRIVER], {
    env: { PATH: process.env.PATH },
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  const exit = once(child, 'exit');
  t.teardown(async () => {
    child.kill('SIGKILL');
    await exit;
  });
  const answer = once(child, 'message');
  child.send(lines.map(({ args, environment = {} }) => ({ args, environment })));
  const ended = await Promise.race([answer, exit.then(() => undefined)]);
  if (ended === undefined) throw new Error('the process that runs the command lines ended early');
  return ended[0] as readonly EndedLine[];
}
