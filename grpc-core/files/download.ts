import type { FileHandle } from 'node:fs/promises';
import { status } from '@grpc/grpc-js';
import type { FileChunk } from '../../proto/types/streaming/FileChunk.js';
import { CoreError, invalid } from '../base/index.js';
import { assertBlocks, BLOCK_BYTES, type Checksums } from './checksums.js';
import { errorFromFile } from './file-error.js';
import type { FileRoot } from './file-root.js';

const DEFAULT_CHUNK_BYTES = 65_536;
const MAX_CHUNK_BYTES = 1_048_576;

export interface DownloadOptions {
  readonly root: FileRoot;
  readonly checksums: Checksums;
}

/** Bytes a chunk for a request's `chunk_size`. */
export function chunkBytesOf(chunkSize: number): number {
  if (chunkSize < 0) throw invalid('chunk_size', 'must not be negative');
  if (chunkSize > MAX_CHUNK_BYTES) throw invalid('chunk_size', `at most ${MAX_CHUNK_BYTES}`);
  return chunkSize === 0 ? DEFAULT_CHUNK_BYTES : chunkSize;
}

/**
 * The file in chunks, each read when it is asked for; then an empty one with `is_last`. That last one only comes if the file
 * stayed the same from the first byte to the end; otherwise ABORTED, so nobody takes a mixture for the file. Of a file that was uploaded every byte is checked before it
 * is given out: DATA_LOSS when it is not what was uploaded.
 */
export async function* download(
  { root, checksums }: DownloadOptions,
  filePath: string,
  chunkBytes: number,
): AsyncGenerator<FileChunk, void, undefined> {
  const file = await root.open(filePath);
  try {
    const before = await file.stat({ bigint: true });
    const size = Number(before.size);
    const sums = await checksums.of(before);
    // Bytes that were read and checked, and not yet asked for; less than a chunk, or the rest of a block.
    let held: Buffer = Buffer.alloc(0);
    let number = 0;
    for (let position = 0; position < size; ) {
      const end = Math.min(position + chunkBytes, size);
      const from = position + held.byteLength;
      if (from < end) {
        const to = sums === undefined ? end : Math.min(Math.ceil(end / BLOCK_BYTES) * BLOCK_BYTES, size);
        const more = await readExactly(file, from, to - from);
        if (sums !== undefined) assertBlocks(sums, from, more);
        held = held.byteLength === 0 ? more : Buffer.concat([held, more]);
      }
      yield { data: held.subarray(0, end - position), chunk_number: number, is_last: false };
      held = held.subarray(end - position);
      position = end;
      number += 1;
    }
    const after = await file.stat({ bigint: true });
    if (after.size !== before.size || after.mtimeNs !== before.mtimeNs) throw changed();
    yield { data: Buffer.alloc(0), chunk_number: number, is_last: true };
  } catch (error) {
    throw errorFromFile(error);
  } finally {
    await file.close();
  }
}

async function readExactly(file: FileHandle, position: number, length: number): Promise<Buffer> {
  const buffer = Buffer.allocUnsafe(length);
  for (let read = 0; read < length; ) {
    const { bytesRead } = await file.read(buffer, read, length - read, position + read);
    if (bytesRead === 0) throw changed();
    read += bytesRead;
  }
  return buffer;
}

function changed(): CoreError {
  return new CoreError(status.ABORTED, 'file_path: the file changed while it was read, try again');
}
