import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Test } from 'tap';

/** The built command; `npm test` builds before it tests. */
export const COMMAND = fileURLToPath(new URL('../../dist/bin/sluice.js', import.meta.url));

/** A running `sluice`. */
export interface Running {
  readonly child: ChildProcess;
  /** Standard output so far, line by line. */
  readonly lines: string[];
  readonly errors: string[];
  /** The first line of output whose `msg` is that, parsed. */
  line(message: string): Promise<Record<string, unknown>>;
  /** The exit code, or the signal that ended it. */
  readonly exit: Promise<number | string>;
}

/** Starts `sluice` with these arguments; the teardown kills it if it is still there. */
export function sluice(t: Test, args: readonly string[], environment: NodeJS.ProcessEnv = {}): Running {
  return start(t, process.execPath, [COMMAND, ...args], environment);
}

/** The same with a `sluice` that is installed somewhere: the file is run as it is. */
export function sluiceAt(t: Test, file: string, args: readonly string[]): Running {
  return start(t, file, args, {});
}

function start(t: Test, file: string, args: readonly string[], environment: NodeJS.ProcessEnv): Running {
  const child = spawn(file, args, {
    env: { PATH: process.env.PATH, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const lines: string[] = [];
  const errors: string[] = [];
  // Several may wait for a line at once.
  const waiting: (() => void)[] = [];
  const wake = () => {
    for (const resolve of waiting.splice(0)) resolve();
  };
  // With its last line read: it exits before that.
  let over = false;
  createInterface(child.stdout).on('line', (line) => {
    lines.push(line);
    wake();
  });
  createInterface(child.stderr).on('line', (line) => errors.push(line));
  const exit = new Promise<number | string>((resolve) => {
    child.on('close', (code, signal) => {
      over = true;
      resolve(code ?? signal ?? 'unknown');
      wake();
    });
  });
  t.teardown(async () => {
    child.kill('SIGKILL');
    await exit;
  });
  return {
    child,
    lines,
    errors,
    exit,
    async line(message) {
      for (let index = 0; ; index += 1) {
        while (lines.length <= index) {
          if (over) throw new Error(`ended before "${message}": ${errors.join('\n')}`);
          await new Promise<void>((resolve) => waiting.push(resolve));
        }
        const parsed = JSON.parse(lines[index] as string) as Record<string, unknown>;
        if (parsed.msg === message) return parsed;
      }
    },
  };
}
