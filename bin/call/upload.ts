import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { encodeBytesField } from '../../gateway/codec/index.js';
import type { FileContent, Method } from '../../gateway/schema/index.js';
import { SettingsError, UsageError } from '../options/index.js';

/** Data in one message of an upload, as the gateway sends it. */
const CHUNK_BYTES = 64 * 1024;
const NOTHING = new Uint8Array(0);

/** A file on its way up. */
export interface UploadOptions {
  readonly method: Method;
  /** Where a request has the bytes. */
  readonly content: FileContent;
  /** A path; `-` is `input`. */
  readonly file: string;
  readonly input: AsyncIterable<Uint8Array>;
  /** The fields beside the data, encoded: they go into the first message. */
  readonly fields: Uint8Array;
  readonly maxMessageBytes: number;
  /** So many bytes have been handed on. */
  readonly onSent: (bytes: number) => void;
}

/** How long a file is, in bytes; `undefined` where that is not known before its end. Rejects with one line where there is no such file. */
export async function uploadSize(file: string): Promise<number | undefined> {
  if (file === '-') return undefined;
  try {
    const found = await stat(file);
    if (found.isDirectory()) throw new Error('it is a folder');
    return found.isFile() ? found.size : undefined;
  } catch (cause) {
    throw new SettingsError(`--upload ${file}: ${(cause as Error).message}`, { cause });
  }
}

/** Where a request has the bytes of a file. Throws `UsageError` where no field of it can hold any. */
export function uploadContent(method: Method): FileContent {
  const { upload } = method;
  if (upload === undefined)
    throw new UsageError(
      `--upload: ${method.input.typeName} has no single bytes field that a file could go into`,
    );
  return upload;
}

/** The messages of a file: chunks of 64 KiB where requests are a stream, else one message with all of it. Rejects with one line where it cannot be read. */
export async function* uploadMessages(options: UploadOptions): AsyncGenerator<Uint8Array> {
  const { method, file, fields, maxMessageBytes, onSent } = options;
  const { path } = options.content;
  let first: Uint8Array | undefined = fields;
  // The data would overwrite, or be overwritten by, what came with it.
  if (method.requestStream && path[0]?.oneof !== undefined && fields.length > 0) {
    yield fields;
    first = NOTHING;
  }
  const chunks = file === '-' ? options.input : fileStream(file);
  for await (const data of method.requestStream ? evenly(chunks) : whole(chunks, maxMessageBytes)) {
    yield encodeBytesField(path, data, first === undefined ? [] : [first]);
    first = undefined;
    onSent(data.length);
  }
  if (first !== undefined && first === fields) yield fields;
}

async function* fileStream(file: string): AsyncGenerator<Uint8Array> {
  try {
    for await (const chunk of createReadStream(file, { highWaterMark: CHUNK_BYTES })) yield chunk as Buffer;
  } catch (cause) {
    throw new SettingsError(`--upload ${file}: ${(cause as Error).message}`, { cause });
  }
}

/** In pieces that are not too large for a message. */
async function* evenly(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  for await (const chunk of chunks) {
    for (let at = 0; at < chunk.length; at += CHUNK_BYTES) yield chunk.subarray(at, at + CHUNK_BYTES);
  }
}

async function* whole(chunks: AsyncIterable<Uint8Array>, maxBytes: number): AsyncGenerator<Uint8Array> {
  const parts: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of chunks) {
    parts.push(chunk);
    bytes += chunk.length;
    if (bytes > maxBytes) {
      throw new SettingsError(
        `--upload: this method takes the file in one message, and one message has at most ${maxBytes} bytes: see --max-message-bytes`,
      );
    }
  }
  yield Buffer.concat(parts);
}
