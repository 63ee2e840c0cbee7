import type { StreamingServiceDefinition } from '../../proto/types/streaming/StreamingService.js';
import { type HandlersOf, singleRequest } from '../rpc/index.js';
import { chunkBytesOf, download } from './download.js';
import { type UploadOptions, upload } from './upload.js';

/** DownloadFile and UploadFile on one data directory. */
export function fileHandlers(
  options: UploadOptions,
): Required<Pick<HandlersOf<StreamingServiceDefinition>, 'DownloadFile' | 'UploadFile'>> {
  return {
    async *DownloadFile(requests) {
      const request = await singleRequest(requests);
      const chunkBytes = chunkBytesOf(request.chunk_size);
      yield* download(options, request.file_path, chunkBytes);
    },
    async *UploadFile(chunks) {
      yield await upload(chunks, options);
    },
  };
}
