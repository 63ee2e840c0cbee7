import { maskedCrc32c } from './crc32c.js';

/** LevelDB, doc/log_format.md: blocks of 32 KiB, in each of them records with a header of 7 bytes: checksum, length, type. */
const BLOCK_BYTES = 32_768;
const HEADER_BYTES = 7;
/** FULL, FIRST, MIDDLE, LAST; 0 is room that was never written. */
const LAST_TYPE = 4;

/**
 * Where one of LevelDB's log files is damaged, as an offset; undefined when it is whole. A file that ends within a record is whole: its process was killed there,
 * and nobody was told that this record is stored. So is one whose last record ends in zeros, which is what a power failure leaves.
 */
export function damageOfLog(file: Buffer): number | undefined {
  let at = 0;
  while (at + HEADER_BYTES <= file.byteLength) {
    const blockEnd = at - (at % BLOCK_BYTES) + BLOCK_BYTES;
    const end = recordEnd(file, at, blockEnd);
    if (end !== undefined) {
      at = end;
    } else if (blockEnd - at < HEADER_BYTES || isEmpty(file, at, blockEnd)) {
      at = blockEnd;
    } else {
      return isTorn(file, at, blockEnd) ? undefined : at;
    }
  }
  return undefined;
}

/** Where a record ends that begins there and is right; undefined when none does. */
function recordEnd(file: Buffer, at: number, blockEnd: number): number | undefined {
  if (at + HEADER_BYTES > Math.min(file.byteLength, blockEnd)) return undefined;
  const type = file[at + 6] ?? 0;
  const end = at + HEADER_BYTES + file.readUInt16LE(at + 4);
  if (type === 0 || type > LAST_TYPE || end > Math.min(file.byteLength, blockEnd)) return undefined;
  return file.readUInt32LE(at) === maskedCrc32c(file, at + 6, end) ? end : undefined;
}

function isEmpty(file: Buffer, at: number, blockEnd: number): boolean {
  return file.subarray(at, blockEnd).every((byte) => byte === 0);
}

/** Nothing that is right comes after it, and it does not say that it is all there. */
function isTorn(file: Buffer, at: number, blockEnd: number): boolean {
  if (blockEnd < file.byteLength && !isEmpty(file, blockEnd, file.byteLength)) return false;
  const end = at + HEADER_BYTES + file.readUInt16LE(at + 4);
  if (end <= file.byteLength && file[file.byteLength - 1] !== 0) return false;
  for (let next = at + 1; next < Math.min(file.byteLength, blockEnd); next += 1) {
    if (recordEnd(file, next, blockEnd) !== undefined) return false;
  }
  return true;
}
