import { status } from '@grpc/grpc-js';
import type { FileChunk } from '../../proto/types/streaming/FileChunk.js';
import { CoreError, invalid } from '../errors.js';
import type { FileRoot } from './file-root.js';

const defaultChunkBytes = 65_536;
const maxChunkBytes = 1_048_576;

/** Bytes a chunk for a request's `chunk_size`. */
export function chunkBytesOf(chunkSize: number): number {
  if (chunkSize < 0) throw invalid('chunk_size', 'must not be negative');
  if (chunkSize > maxChunkBytes) throw invalid('chunk_size', `at most ${maxChunkBytes}`);
  return chunkSize === 0 ? defaultChunkBytes : chunkSize;
}

/**
 * The file in chunks, each read when it is asked for; then an empty one with `is_last`. That last one only comes if the file
 * stayed the same from the first byte to the end; otherwise ABORTED, so nobody takes a mixture for the file.
 */
export async function* download(
  root: FileRoot,
  filePath: string,
  chunkBytes: number,
): AsyncGenerator<FileChunk, void, undefined> {
  const file = await root.open(filePath);
  try {
    const before = await file.stat({ bigint: true });
    const size = Number(before.size);
    let position = 0;
    let number = 0;
    while (position < size) {
      const buffer = Buffer.allocUnsafe(Math.min(chunkBytes, size - position));
      const { bytesRead } = await file.read(buffer, 0, buffer.byteLength, position);
      if (bytesRead === 0) throw changed();
      position += bytesRead;
      yield { data: buffer.subarray(0, bytesRead), chunk_number: number, is_last: false };
      number += 1;
    }
    const after = await file.stat({ bigint: true });
    if (after.size !== before.size || after.mtimeNs !== before.mtimeNs) throw changed();
    yield { data: Buffer.alloc(0), chunk_number: number, is_last: true };
  } finally {
    await file.close();
  }
}

function changed(): CoreError {
  return new CoreError(status.ABORTED, 'file_path: the file changed while it was read, try again');
}
