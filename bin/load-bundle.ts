import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Script } from 'node:vm';
import { crc32 } from 'node:zlib';

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

/** Of the checksum at the end: in front of it V8 finds the code at an address that it takes without a copy. */
const CHECKSUM_BYTES = 4;

/** What a file of compiled code holds: the code, and its checksum. V8 looks at the length alone, and what is damaged ends the process when it runs. */
export function checkedCode(code: Uint8Array): Buffer {
  const checksum = Buffer.alloc(CHECKSUM_BYTES);
  checksum.writeUInt32LE(crc32(code));
  return Buffer.concat([code, checksum]);
}

/** The code in such a file; none where it is not what it was. */
export function codeInFile(bytes: Buffer): Buffer | undefined {
  const end = bytes.length - CHECKSUM_BYTES;
  if (end <= 0) return undefined;
  const code = bytes.subarray(0, end);
  return bytes.readUInt32LE(end) === crc32(code) ? code : undefined;
}

/**
 * Loads `main.cjs` of a folder, with what V8 made of it when it was built, if that was with this Node. Compiling is most of a start. Where there is no such
 * file, it is damaged, or V8 refuses it (other flags count as another V8), it is compiled as any module is, so that Node's own `NODE_COMPILE_CACHE` serves.
 */
export function loadBundle<Exports>(load: NodeJS.Require, folder: string, command = ''): Exports {
  const file = join(folder, 'main.cjs');
  const known = (CACHED_COMMANDS as readonly string[]).includes(command);
  // Help, the version and mistakes need what is in each of them.
  const cache = codeCacheFile(folder, known ? command : CACHED_COMMANDS[0]);
  // Node maps positions of modules only.
  const cachedData = process.sourceMapsEnabled ? undefined : codeOf(cache);
  if (cachedData === undefined) return load(file) as Exports;
  const script = new Script(readFileSync(file, 'latin1'), { filename: file, cachedData });
  if (script.cachedDataRejected) return load(file) as Exports;
  const module = { exports: {} };
  (script.runInThisContext() as Wrapped)(module.exports, load, module, file, folder);
  return module.exports as Exports;
}

/** The code in a file, if it is there and may be read: without it a start is only slower. */
function codeOf(file: string): Buffer | undefined {
  try {
    return codeInFile(readFileSync(file));
  } catch {
    return undefined;
  }
}
