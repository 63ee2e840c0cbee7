import { type FileTransfer, problemOf } from './send-file.js';

/** Where a page may write a file piece by piece, if the browser has that (File System Access). */
interface SaveTarget {
  createWritable(): Promise<{
    write(piece: Uint8Array): Promise<void>;
    close(): Promise<void>;
    abort(): Promise<void>;
  }>;
}

type Picker = (options: { suggestedName: string }) => Promise<SaveTarget>;

/** Without a place on disk a file waits in memory until it is whole: so much at most, in bytes. */
const MOST_IN_MEMORY = 512 * 1024 * 1024;

export interface SaveFileOptions {
  readonly url: string;
  readonly httpMethod: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | undefined;
  readonly name: string;
  readonly onProgress: (savedBytes: number) => void;
  /** Passed before each piece: while it holds, nothing is read, and the service waits. */
  readonly passed: () => Promise<void>;
}

/** Whether the browser lets a page write to a file of the user's choice. Otherwise it saves what the page has in memory. */
export function canChoosePlace(): boolean {
  return 'showSaveFilePicker' in globalThis;
}

/** Asks where to save, and reads a file to there as it comes. Call it where the user has pressed something: browsers ask only then. */
export function saveFile(options: SaveFileOptions): FileTransfer {
  const controller = new AbortController();
  return { done: save(options, controller.signal), cancel: () => controller.abort() };
}

async function save(options: SaveFileOptions, signal: AbortSignal): Promise<void> {
  const { url, httpMethod, headers, body, name, onProgress, passed } = options;
  const place = canChoosePlace()
    ? await (globalThis as unknown as { showSaveFilePicker: Picker }).showSaveFilePicker({
        suggestedName: name,
      })
    : undefined;
  const response = await fetch(url, {
    method: httpMethod,
    headers: {
      accept: 'application/octet-stream',
      ...(body !== undefined && { 'content-type': 'application/json' }),
      ...headers,
    },
    signal,
    ...(body !== undefined && { body }),
  });
  if (!response.ok)
    throw new Error(problemOf(await response.json().catch(() => undefined)) ?? `HTTP ${response.status}`);
  const sink = place === undefined ? inMemory(name) : await place.createWritable();
  const reader = (response.body as ReadableStream<Uint8Array>).getReader();
  let bytes = 0;
  try {
    for (;;) {
      await passed();
      const { done, value } = await reader.read();
      if (done) break;
      await sink.write(value);
      bytes += value.length;
      onProgress(bytes);
    }
    await sink.close();
  } catch (reason) {
    await reader.cancel().catch(() => undefined);
    await sink.abort().catch(() => undefined);
    throw signal.aborted ? new Error('cancelled') : reason;
  }
}

/** Keeps a file until it is whole, and hands it to the browser to save then. */
function inMemory(name: string): Awaited<ReturnType<SaveTarget['createWritable']>> {
  const pieces: BlobPart[] = [];
  let bytes = 0;
  return {
    async write(piece) {
      bytes += piece.length;
      if (bytes > MOST_IN_MEMORY)
        throw new Error('this browser keeps a file in memory, and it is too large: use curl');
      pieces.push(piece as BlobPart);
    },
    async close() {
      const address = URL.createObjectURL(new Blob(pieces));
      const link = document.createElement('a');
      link.href = address;
      link.download = name;
      link.click();
      URL.revokeObjectURL(address);
    },
    async abort() {
      pieces.length = 0;
    },
  };
}
