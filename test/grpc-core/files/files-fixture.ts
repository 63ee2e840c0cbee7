import { randomBytes } from 'node:crypto';
import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Test } from 'tap';
import {
  Checksums,
  FileRoot,
  fileHandlers,
  openUploadFolder,
  sharedFiles,
} from '../../../grpc-core/files/index.js';
import type { CallContext, Handler } from '../../../grpc-core/rpc/index.js';
import type { FileChunk__Output } from '../../../proto/types/streaming/FileChunk.js';
import { temporaryFolder } from '../core-fixture.js';

export type Chunk = Partial<FileChunk__Output>;

export interface Files {
  readonly dataDir: string;
  readonly outside: string;
  readonly download: (path: string, chunkSize?: number) => AsyncIterator<Chunk>;
  readonly upload: (chunks: Iterable<Chunk> | AsyncIterable<Chunk>) => Promise<unknown>;
  /** Temporary files that are there. */
  readonly temporary: () => Promise<string[]>;
}

/** The two file handlers on an empty data directory, called without a server. */
export async function openFiles(
  t: Test,
  options: { readonly maxBytes?: number; readonly anchored?: boolean } = {},
): Promise<Files> {
  const base = await temporaryFolder(t);
  const dataDir = join(base, 'data');
  const outside = join(base, 'outside');
  const own = join(dataDir, '.sluice', 'uploads');
  await mkdir(dataDir);
  await mkdir(outside);
  const root = await FileRoot.at(dataDir, { anchored: options.anchored ?? true });
  t.teardown(() => root.close());
  const folder = await openUploadFolder(own);
  t.teardown(() => folder.close());
  const checksums = await Checksums.at(join(dataDir, '.sluice', 'checksums'));
  t.teardown(() => checksums.close());
  const handlers = fileHandlers({
    roots: sharedFiles(root),
    folder,
    checksums,
    maxBytes: options.maxBytes ?? 1024 ** 3,
  });
  return {
    dataDir,
    outside,
    download: (file_path, chunk_size = 0) =>
      begin(handlers.DownloadFile, [{ file_path, chunk_size }]) as AsyncIterator<Chunk>,
    async upload(chunks) {
      const requests = (async function* () {
        for await (const chunk of chunks) {
          yield { data: Buffer.alloc(0), chunk_number: 0, is_last: false, file_path: '', ...chunk };
        }
      })();
      const result = await begin(handlers.UploadFile, requests).next();
      return result.value;
    },
    temporary: () => readdir(own),
  };
}

function begin<Request, Response>(
  handler: Handler<Request, Response>,
  requests: Iterable<Request> | AsyncIterable<Request>,
): AsyncIterator<Response> {
  const stream = (async function* () {
    yield* requests;
  })();
  // The file handlers need nothing of their call.
  return handler(stream, {} as CallContext)[Symbol.asyncIterator]();
}

/** Everything an iterator yields. */
export async function all<Item>(iterator: AsyncIterator<Item>): Promise<Item[]> {
  const items: Item[] = [];
  for (;;) {
    const next = await iterator.next();
    if (next.done === true) return items;
    items.push(next.value);
  }
}

export const someBytes = (length: number): Buffer => randomBytes(length);
