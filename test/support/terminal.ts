import { spawn } from 'node:child_process';
import type { Test } from 'tap';

/** Runs a command on a terminal of its own: what is written to it is typed, and what it shows comes back. */
const RUN_ON_TERMINAL = `import os, pty, sys
sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])))`;

/** A command on a terminal. */
export interface Terminal {
  /** Types a text; "\\x03" is Ctrl-C, "\\x04" Ctrl-D. */
  type(text: string): void;
  /** All that was shown so far, with what was typed. */
  shown(): string;
  /** Resolves when a text is shown; `from`: behind so many characters. Rejects when the command ends without it. */
  until(wanted: RegExp, from?: number): Promise<void>;
  readonly exit: Promise<number>;
}

/** Whether this machine has a Python that can open a terminal. */
export async function hasTerminals(): Promise<boolean> {
  const child = spawn('python3', ['-c', 'import pty, os; os.waitstatus_to_exitcode'], { stdio: 'ignore' });
  return await new Promise((resolve) => {
    child.once('error', () => resolve(false));
    child.once('exit', (code) => resolve(code === 0));
  });
}

export interface TerminalOptions {
  /** Its size in letters and lines; by default it does not say. */
  readonly columns?: number;
  readonly rows?: number;
  readonly environment?: NodeJS.ProcessEnv;
}

/** Opens a terminal and runs a command on it. The teardown kills it. */
export function openTerminal(
  t: Test,
  command: readonly string[],
  { columns, rows = 24, environment = {} }: TerminalOptions = {},
): Terminal {
  const sized =
    columns === undefined
      ? command
      : ['sh', '-c', `stty cols ${columns} rows ${rows}; exec "$@"`, 'sh', ...command];
  const child = spawn('python3', ['-c', RUN_ON_TERMINAL, ...sized], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: { PATH: process.env.PATH, TERM: 'xterm', ...environment },
  });
  let shown = '';
  let isOver = false;
  const waiting = new Set<() => void>();
  const wake = () => {
    for (const look of waiting) look();
  };
  child.stdout.on('data', (bytes: Buffer) => {
    shown += bytes.toString();
    wake();
  });
  child.stdin.on('error', () => {});
  const exit = new Promise<number>((resolve) => {
    child.once('close', (code) => {
      isOver = true;
      resolve(code ?? -1);
      wake();
    });
  });
  t.teardown(async () => {
    child.kill('SIGKILL');
    await exit;
  });
  return {
    type: (text) => void child.stdin.write(text),
    shown: () => shown,
    async until(wanted, from = 0) {
      while (!wanted.test(shown.slice(from))) {
        if (isOver) throw new Error(`ended without ${wanted}: ${shown}`);
        await new Promise<void>((resolve) => {
          const look = () => {
            waiting.delete(look);
            resolve();
          };
          waiting.add(look);
        });
      }
    },
    exit,
  };
}
