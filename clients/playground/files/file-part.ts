import type { CallTypes } from '../schema/page-schema.js';
import { createDownloadPart } from './download-part.js';
import type { FilePart, FilePartOptions } from './file-options.js';
import { createUploadPart } from './upload-part.js';

/** Files as files, beside the messages: chosen or dropped and sent as bytes, or saved to disk as they come. Undefined for methods that have none. */
export function createFilePart({
  types,
  readRequest,
  readHeaders,
  ...context
}: Omit<FilePartOptions, 'readGiven'> & {
  readonly types: CallTypes | undefined;
  readonly readRequest: () => unknown;
  readonly readHeaders: () => Record<string, string> | undefined;
}): FilePart | undefined {
  const { kind, file, upload } = context.method;
  const readGiven = () => {
    const request = readRequest();
    const headers = readHeaders();
    if (typeof request !== 'object' || request === null || headers === undefined) return undefined;
    return { request: request as Record<string, unknown>, headers };
  };
  if (kind === 'server_stream' || kind === 'unary')
    return file ? createDownloadPart({ ...context, readGiven }) : undefined;
  return upload === undefined || types === undefined
    ? undefined
    : createUploadPart({ ...context, readGiven }, types, upload);
}
