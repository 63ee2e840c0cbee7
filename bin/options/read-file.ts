import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { setTimeout as wait } from 'node:timers/promises';

/** More than any file that an option names; /dev/zero has no end. */
export const MAX_FILE_BYTES = 64 * 1024 * 1024;

/** How long a pipe may say nothing, in milliseconds. `<(command)` of a shell is one. */
const MAX_SILENCE_MS = 5_000;
/** Between two looks into a pipe, in milliseconds. */
const LOOK_MS = 10;
const CHUNK_BYTES = 64 * 1024;

/**
 * The content of a file that an option names, which may be a pipe. Rejects as `readFile` does, and for what does not end: more than
 * `MAX_FILE_BYTES`, or a pipe in which nothing comes for five seconds.
 */
export async function readBounded(path: string): Promise<Buffer> {
  // Without O_NONBLOCK a FIFO without a writer holds one of Node's few threads, and the end of the process with it.
  const handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const isPipe = (await handle.stat()).isFIFO();
    const chunks: Buffer[] = [];
    let size = 0;
    for (;;) {
      const chunk = await nextChunk(handle, isPipe && size === 0);
      if (chunk.length === 0) return Buffer.concat(chunks);
      chunks.push(chunk);
      size += chunk.length;
      if (size > MAX_FILE_BYTES) throw new Error(`longer than ${MAX_FILE_BYTES} bytes`);
    }
  } finally {
    await handle.close();
  }
}

/** Empty at the end. `mayBeEarly`: an end before the first byte is a writer that has not come yet. */
async function nextChunk(handle: FileHandle, mayBeEarly: boolean): Promise<Buffer> {
  for (let silent = 0; silent < MAX_SILENCE_MS; silent += LOOK_MS) {
    const chunk = await readNow(handle);
    if (chunk !== undefined && (chunk.length > 0 || !mayBeEarly)) return chunk;
    await wait(LOOK_MS);
  }
  throw new Error(`nothing came for ${MAX_SILENCE_MS / 1_000} seconds`);
}

/** What is there; `undefined` while a pipe with a writer is empty. */
async function readNow(handle: FileHandle): Promise<Buffer | undefined> {
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.allocUnsafe(CHUNK_BYTES), 0, CHUNK_BYTES, null);
    return buffer.subarray(0, bytesRead);
  } catch (reason) {
    if ((reason as NodeJS.ErrnoException).code === 'EAGAIN') return undefined;
    throw reason;
  }
}
