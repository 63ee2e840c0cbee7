import type { StreamingServiceDefinition } from '../../proto/types/streaming/StreamingService.js';
import { type HandlersOf, singleRequest } from '../rpc/index.js';
import { chunkBytesOf, download } from './download.js';
import { namesOf } from './file-path.js';
import type { FileRoots } from './file-roots.js';
import { type UploadOptions, upload } from './upload.js';

export interface FileHandlerOptions extends Omit<UploadOptions, 'root'> {
  readonly roots: FileRoots;
}

/** DownloadFile and UploadFile, each call on the root of its subject. */
export function fileHandlers({
  roots,
  ...options
}: FileHandlerOptions): Required<
  Pick<HandlersOf<StreamingServiceDefinition>, 'DownloadFile' | 'UploadFile'>
> {
  return {
    async *DownloadFile(requests, { subject }) {
      const request = await singleRequest(requests);
      const chunkBytes = chunkBytesOf(request.chunk_size);
      // Before a folder is looked for: what cannot be a path is that in any case.
      namesOf(request.file_path);
      const used = await roots.use(subject, 'read');
      try {
        yield* download({ ...options, root: used.root }, request.file_path, chunkBytes);
      } finally {
        await used.close();
      }
    },
    async *UploadFile(chunks, { subject }) {
      const used = await roots.use(subject, 'store');
      try {
        yield await upload(chunks, { ...options, root: used.root });
      } finally {
        await used.close();
      }
    },
  };
}
