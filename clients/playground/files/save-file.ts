import { type FileTransfer, problemOf } from './file-transfer.js';

/** Where a page may write a file piece by piece, if the browser has that (File System Access). */
interface SaveTarget {
  createWritable(): Promise<{
    write(piece: Uint8Array): Promise<void>;
    close(): Promise<void>;
    abort(): Promise<void>;
  }>;
}

type Picker = (options: { suggestedName: string }) => Promise<SaveTarget>;

/** Where neither a page may write to disk nor the browser can ask by itself, a file waits in memory until it is whole: so much at most, in bytes. */
export const MOST_IN_MEMORY = 512 * 1024 * 1024;

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

/**
 * How a file gets to disk. `place`: the page writes it where a person wants it. `browser`: the browser asks for it itself and writes it as it comes, and its own list of downloads shows
 * and pauses it. `memory`: the page keeps it until it is whole.
 */
export type WayToSave = 'place' | 'browser' | 'memory';

/** A browser asks by itself for an address alone: with `GET`, and without headers. */
export function wayToSave({
  httpMethod,
  headers,
}: Pick<SaveFileOptions, 'httpMethod' | 'headers'>): WayToSave {
  if ('showSaveFilePicker' in globalThis) return 'place';
  return httpMethod === 'GET' && Object.keys(headers).length === 0 ? 'browser' : 'memory';
}

/** Saves a file as it comes. Call it where the user has pressed something: browsers ask for a place only then. Resolves with how many bytes the page has saved. */
export function saveFile(options: SaveFileOptions): FileTransfer<number> {
  const controller = new AbortController();
  const { signal } = controller;
  const saving = wayToSave(options) === 'browser' ? handOver(options, signal) : save(options, signal);
  const done = saving.catch((reason: unknown) => {
    throw signal.aborted ? new Error('cancelled') : reason;
  });
  return { done, cancel: () => controller.abort() };
}

/** Gives the address to the browser; an error is found before, since a browser shows none of it. */
async function handOver({ url, name }: SaveFileOptions, signal: AbortSignal): Promise<number> {
  const accept = 'application/octet-stream';
  const head = await fetch(url, { method: 'HEAD', headers: { accept }, signal });
  // Only the answer to a GET says why.
  if (!head.ok) await assertGood(await fetch(url, { headers: { accept }, signal }));
  click(url, name);
  return 0;
}

async function assertGood(response: Response): Promise<void> {
  if (response.ok) return;
  throw new Error(problemOf(await response.json().catch(() => undefined)) ?? `HTTP ${response.status}`);
}

async function save(options: SaveFileOptions, signal: AbortSignal): Promise<number> {
  const { url, httpMethod, headers, body, name, onProgress, passed } = options;
  const place =
    wayToSave(options) === 'place'
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
  await assertGood(response);
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
    return bytes;
  } catch (reason) {
    await reader.cancel().catch(() => undefined);
    await sink.abort().catch(() => undefined);
    throw reason;
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
      click(address, name);
      URL.revokeObjectURL(address);
    },
    async abort() {
      pieces.length = 0;
    },
  };
}

function click(address: string, name: string): void {
  const link = document.createElement('a');
  link.href = address;
  link.download = name;
  link.click();
}
