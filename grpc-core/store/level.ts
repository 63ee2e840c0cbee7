import { status } from '@grpc/grpc-js';
import { ClassicLevel } from 'classic-level';
import { CoreError, type DiskFault, errorFromFault, faultFromError } from '../base/index.js';
import { damaged } from './checksum.js';
import { makeStoreFolder, storeDamaged } from './store-folder.js';

export type LevelDatabase = ClassicLevel<string, Uint8Array>;

/** LevelDB hands on what strerror says, and no number: the texts of glibc, musl and macOS, in lower case. */
const faultTexts: ReadonlyArray<readonly [text: string, fault: DiskFault]> = [
  ['no space left on device', 'ENOSPC'],
  ['quota exceeded', 'EDQUOT'],
  ['file too large', 'EFBIG'],
  ['read-only file system', 'EROFS'],
  ['too many open files in system', 'ENFILE'],
  ['too many open files', 'EMFILE'],
  ['no file descriptors available', 'EMFILE'],
  ['input/output error', 'EIO'],
  ['i/o error', 'EIO'],
];

/**
 * Opens LevelDB in a folder, which is made when missing. Rejects with one clear line that names the folder: it holds no whole store, cannot be used, or another
 * process has it open.
 */
export async function openLevel(directory: string): Promise<LevelDatabase> {
  await makeStoreFolder(directory);
  const level: LevelDatabase = new ClassicLevel(directory, { keyEncoding: 'utf8', valueEncoding: 'view' });
  try {
    await level.open();
    return level;
  } catch (error) {
    await level.close().catch(() => undefined);
    throw openError(directory, error);
  }
}

/**
 * What a failure of LevelDB means: RESOURCE_EXHAUSTED and the like for the disk, DATA_LOSS for damage. Anything else, a `CoreError` too, stays what it is.
 */
export function errorFromLevel(error: unknown): unknown {
  const cause = levelError(error);
  const text = cause?.message.toLowerCase() ?? '';
  const fault = faultFromError(error) ?? faultTexts.find(([part]) => text.includes(part))?.[1];
  if (fault !== undefined && !(error instanceof CoreError)) return errorFromFault(fault, error);
  const lost = cause?.code === 'LEVEL_CORRUPTION' || text.includes('no such file');
  return lost ? damaged(text, error) : error;
}

/** LevelDB's own error, which may be the cause of another. */
function levelError(error: unknown): (Error & { readonly code: string }) | undefined {
  for (const reason of [error, error instanceof Error ? error.cause : undefined]) {
    if (!(reason instanceof Error) || !('code' in reason) || typeof reason.code !== 'string') continue;
    if (['LEVEL_LOCKED', 'LEVEL_CORRUPTION', 'LEVEL_IO_ERROR'].includes(reason.code)) {
      return Object.assign(reason, { code: reason.code });
    }
  }
  return undefined;
}

function openError(directory: string, error: unknown): Error {
  const cause = levelError(error);
  if (cause?.code === 'LEVEL_LOCKED') {
    return new Error(`the store in ${directory} is in use by another process`, { cause: error });
  }
  const known = errorFromLevel(error);
  const text = cause?.message ?? String(error);
  if (!(known instanceof CoreError)) {
    return new Error(`cannot open the store in ${directory}: ${text}`, { cause: error });
  }
  return known.code === status.DATA_LOSS
    ? storeDamaged(directory, text, error)
    : new CoreError(known.code, `cannot open the store in ${directory}: ${known.message}`, { cause: error });
}
