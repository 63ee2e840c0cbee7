import { createHash, randomUUID } from 'node:crypto';
import type { BigIntStats } from 'node:fs';
import { type FileHandle, mkdir, open, readdir, rm } from 'node:fs/promises';
import { status } from '@grpc/grpc-js';
import type { FileChunk__Output } from '../../proto/types/streaming/FileChunk.js';
import type { UploadResult } from '../../proto/types/streaming/UploadResult.js';
import { CoreError, invalid, timestampFromMs } from '../base/index.js';
import { BlockSummer, type Checksums } from './checksums.js';
import { createChunkOrder } from './chunk-order.js';
import { codeOf, errorFromFile } from './file-error.js';
import type { FileRoot } from './file-root.js';
import { Folder } from './folder.js';

/** Where uploads wait until they are whole. Whoever opens it closes it. */
export interface UploadFolder {
  /** A new file for writing; whoever opens it removes it. UNAVAILABLE when the folder is gone. */
  open(): Promise<{ readonly path: string; readonly file: FileHandle }>;
  close(): Promise<void>;
}

/** Makes the folder, and removes what a core that was killed left there. It must be on the same file system as the files. */
export async function openUploadFolder(directory: string): Promise<UploadFolder> {
  await mkdir(directory, { recursive: true });
  const folder = await Folder.open(directory);
  for (const name of await readdir(folder.at('.')))
    await rm(folder.at(name), { recursive: true, force: true });
  return {
    async open() {
      const path = folder.at(randomUUID());
      try {
        return { path, file: await open(path, 'wx') };
      } catch (error) {
        if (codeOf(error) !== 'ENOENT') throw errorFromFile(error);
        throw new CoreError(
          status.UNAVAILABLE,
          'the folder for unfinished uploads is gone: restart the core',
          {
            cause: error,
          },
        );
      }
    },
    close: () => folder.close(),
  };
}

export interface UploadOptions {
  readonly root: FileRoot;
  readonly folder: UploadFolder;
  readonly checksums: Checksums;
  /** A longer file ends with RESOURCE_EXHAUSTED. */
  readonly maxBytes: number;
}

/**
 * Stores what comes, one chunk at a time. The file exists, whole and on disk, when this resolves; in every other case nothing has changed and
 * no temporary file is left.
 */
export async function upload(
  chunks: AsyncIterable<FileChunk__Output>,
  { root, folder, checksums, maxBytes }: UploadOptions,
): Promise<UploadResult> {
  const order = createChunkOrder();
  const hash = createHash('sha256');
  const summer = new BlockSummer();
  let filePath: string | undefined;
  let totalBytes = 0;
  let ended = false;
  const { path, file } = await folder.open();
  let stored: BigIntStats | undefined;
  try {
    try {
      for await (const chunk of chunks) {
        if (ended) throw invalid('is_last', 'a chunk came after the last one');
        order.take(chunk.chunk_number);
        if (filePath === undefined) {
          filePath = chunk.file_path;
          if (filePath !== '') await root.assertPlace(filePath);
        } else if (chunk.file_path !== '' && chunk.file_path !== filePath) {
          throw invalid('file_path', 'only the first chunk may name it');
        }
        totalBytes += chunk.data.byteLength;
        if (totalBytes > maxBytes) {
          throw new CoreError(status.RESOURCE_EXHAUSTED, `data: a file has at most ${maxBytes} bytes`);
        }
        hash.update(chunk.data);
        summer.add(chunk.data);
        await writeAll(file, chunk.data);
        ended = chunk.is_last;
      }
      await file.sync();
      stored = await file.stat({ bigint: true });
    } finally {
      await file.close();
    }
    const fileId = filePath === undefined || filePath === '' ? `uploads/${randomUUID()}` : filePath;
    // Before the file is there: one without checksums would be served unchecked.
    await checksums.store(stored, summer.result());
    const replaced = await root.place(path, fileId);
    stored = replaced;
    return {
      file_id: fileId,
      total_bytes: totalBytes,
      checksum: hash.digest('hex'),
      uploaded_at: timestampFromMs(Date.now()),
    };
  } catch (error) {
    throw errorFromFile(error);
  } finally {
    await rm(path, { force: true });
    // Of the file that was replaced, or of ours when it came to nothing.
    if (stored !== undefined) await checksums.remove(stored);
  }
}

async function writeAll(file: FileHandle, data: Buffer): Promise<void> {
  let written = 0;
  while (written < data.byteLength) {
    const { bytesWritten } = await file.write(data, written, data.byteLength - written);
    written += bytesWritten;
  }
}
