import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Script } from 'node:vm';

/** The commands that have compiled code of their own: each loads something else. */
export const CACHED_COMMANDS = ['gateway', 'core', 'start'] as const;

/** A function with what a CommonJS module sees; the build puts it around the bundle. */
type Wrapped = (
  exports: object,
  require: NodeJS.Require,
  module: object,
  file: string,
  folder: string,
) => void;

/** Where the compiled code of a command lies, if this Node has made any: another one would refuse it. */
export function codeCacheFile(folder: string, command: string): string {
  return join(folder, `main.${command}.${process.version}-${process.arch}.cache`);
}

/**
 * Loads `main.cjs` of a folder, with what V8 made of it when it was built, if that was with this Node. Compiling is most of a start. Where there is no such
 * file, or V8 refuses it (other flags count as another V8), it is compiled as any module is, so that Node's own `NODE_COMPILE_CACHE` serves.
 */
export function loadBundle<Exports>(load: NodeJS.Require, folder: string, command = ''): Exports {
  const file = join(folder, 'main.cjs');
  const known = (CACHED_COMMANDS as readonly string[]).includes(command);
  // Help, the version and mistakes need what is in each of them.
  const cache = codeCacheFile(folder, known ? command : CACHED_COMMANDS[0]);
  // Node maps positions of modules only.
  const cachedData = process.sourceMapsEnabled ? undefined : bytesOf(cache);
  if (cachedData === undefined) return load(file) as Exports;
  const script = new Script(readFileSync(file, 'latin1'), { filename: file, cachedData });
  if (script.cachedDataRejected) return load(file) as Exports;
  const module = { exports: {} };
  (script.runInThisContext() as Wrapped)(module.exports, load, module, file, folder);
  return module.exports as Exports;
}

/** The bytes of a file, if it is there and may be read: without them a start is only slower. */
function bytesOf(file: string): Buffer | undefined {
  try {
    return readFileSync(file);
  } catch {
    return undefined;
  }
}
