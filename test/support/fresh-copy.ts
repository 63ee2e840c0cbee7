import { execFile } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Test } from 'tap';

/** The folder of the repository. */
export const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** A package of package-lock.json, as far as tests ask. */
export interface LockedPackage {
  readonly version?: string;
  readonly deprecated?: string;
  readonly optional?: boolean;
  readonly engines?: { readonly node?: string };
}

/** The locked packages by their folder, for example "node_modules/fastify"; our own has the name "". */
export function lockedPackages(): Readonly<Record<string, LockedPackage>> {
  const lock = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8'));
  return lock.packages;
}

/** A text of the repository. */
export function repositoryFile(path: string): string {
  return readFileSync(join(ROOT, path), 'utf8');
}

/** What a command printed; rejects when it fails, with that in its message. */
export async function run(
  folder: string,
  command: string,
  ...args: readonly string[]
): Promise<{ readonly stdout: string; readonly stderr: string }> {
  // What npm sets for its scripts would reach the npm that is started here. Nothing may come from outside.
  const env = { PATH: process.env.PATH, HOME: process.env.HOME, npm_config_offline: 'true' };
  // The test runner puts its own loader into every child's NODE_OPTIONS, and compilers do not survive it.
  const line = ['-u', 'NODE_OPTIONS', command, ...args];
  return await promisify(execFile)('env', line, { cwd: folder, env, maxBuffer: 64 * 1024 * 1024 });
}

/** A temporary folder outside the repository, removed by the teardown: there Node finds none of our modules. */
export function outsideFolder(t: Test): string {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** What git would check out here, changes included, in a new folder; modules are those of the repository. */
export async function freshCopy(t: Test): Promise<string> {
  const folder = join(outsideFolder(t), 'clone');
  const { stdout } = await run(
    ROOT,
    'git',
    'ls-files',
    '-z',
    '--cached',
    '--others',
    '--exclude-standard',
    '--deduplicate',
  );
  for (const path of stdout.split('\0')) {
    // Also what git still lists after it was removed here.
    if (path === '' || !existsSync(join(ROOT, path))) continue;
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    cpSync(join(ROOT, path), join(folder, path));
  }
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  return folder;
}
