import { open, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Bell } from '../base/index.js';
import { errorFromLevel, type LevelDatabase, openLevel } from './level.js';

/** Keys between two, each with its value. */
export interface KeyRange {
  readonly gt: string;
  readonly lte?: string;
  readonly lt?: string;
  readonly limit?: number;
  readonly reverse?: boolean;
}

/** One change; those that are written together are written all or none. */
export type Change =
  | { readonly type: 'put'; readonly key: string; readonly value: Uint8Array }
  | { readonly type: 'del'; readonly key: string };

interface Pending {
  readonly changes: readonly Change[];
  readonly resolve: () => void;
  readonly reject: (reason: unknown) => void;
}

/** Changes that wait together are written together, up to so many bytes; what is beyond waits for the next write. */
const MAX_GROUP_BYTES = 4_194_304;
/** How long a failed disk is left alone before it is tried again. */
const RETRY_MS = 1000;
/** Room that a start takes beside what it writes again. */
const SPARE_BYTES = 65_536;
/** LevelDB knows the name as one of its own temporary files, and removes one that a killed process left. */
const PROBE_NAME = '000000.dbtmp';

/**
 * LevelDB that gets over a full disk. A failed write may leave half a record at the end of LevelDB's log, and what LevelDB writes behind it is lost at the
 * next start, although it was acknowledged. So there is one write at a time, and after a failed one the database is closed and opened again before
 * the next, as soon as there is room. Until then writes fail and reads go on.
 */
export class Database {
  readonly #directory: string;
  readonly #sync: boolean;
  readonly #queue: Pending[] = [];
  readonly #idle = new Bell();
  /** None while it is opened again, and after that failed. */
  #level: LevelDatabase | undefined;
  #reads = 0;
  #writing: Promise<void> | undefined;
  #reopening: Promise<void> | undefined;
  #fault: { readonly error: unknown; readonly retryAtMs: number } | undefined;

  private constructor(directory: string, sync: boolean, level: LevelDatabase) {
    this.#directory = directory;
    this.#sync = sync;
    this.#level = level;
  }

  /** Rejects with one clear line when the folder holds no whole store, cannot be used or another process has it open. */
  static async open(directory: string, options: { readonly sync: boolean }): Promise<Database> {
    return new Database(directory, options.sync, await openLevel(directory));
  }

  get(key: string): Promise<Uint8Array | undefined> {
    return this.#read((level) => level.get(key));
  }

  entries(range: KeyRange): Promise<[key: string, value: Uint8Array][]> {
    return this.#read((level) => level.iterator(range).all());
  }

  /**
   * Resolves when all of it is written; durable against the death of the process. Rejects with RESOURCE_EXHAUSTED when the disk is full; whether it was
   * written is not known then.
   */
  write(changes: readonly Change[]): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#queue.push({ changes, resolve, reject });
      this.#writing ??= this.#writeAll();
    });
  }

  /** After the last call of the others. */
  async close(): Promise<void> {
    await this.#writing;
    await this.#reopening;
    await this.#level?.close();
  }

  async #read<Result>(work: (level: LevelDatabase) => Promise<Result>): Promise<Result> {
    const level = this.#level ?? (await this.#recover());
    this.#reads += 1;
    try {
      return await work(level);
    } catch (error) {
      throw errorFromLevel(error);
    } finally {
      this.#reads -= 1;
      if (this.#reads === 0) this.#idle.ring();
    }
  }

  async #writeAll(): Promise<void> {
    while (this.#queue.length > 0) {
      const group = this.#nextGroup();
      try {
        const level = this.#fault === undefined ? this.#level : undefined;
        const changes = group.flatMap((pending) => pending.changes);
        await (level ?? (await this.#recover())).batch(changes, { sync: this.#sync });
        for (const { resolve } of group) resolve();
      } catch (error) {
        const reason = errorFromLevel(error);
        this.#fault ??= { error: reason, retryAtMs: 0 };
        for (const { reject } of group) reject(reason);
      }
    }
    this.#writing = undefined;
  }

  #nextGroup(): readonly Pending[] {
    let bytes = 0;
    const end = this.#queue.findIndex(({ changes }) => {
      for (const change of changes) if (change.type === 'put') bytes += change.value.byteLength;
      return bytes > MAX_GROUP_BYTES;
    });
    return this.#queue.splice(0, end === -1 ? this.#queue.length : Math.max(1, end));
  }

  /** Opens the database again when it is time to; otherwise, or when that fails, throws what is wrong. */
  async #recover(): Promise<LevelDatabase> {
    const { retryAtMs = 0, error } = this.#fault ?? {};
    if (this.#reopening === undefined && performance.now() < retryAtMs) throw error;
    this.#reopening ??= this.#reopen().finally(() => {
      this.#reopening = undefined;
    });
    await this.#reopening;
    if (this.#level === undefined || this.#fault !== undefined) throw this.#fault?.error;
    return this.#level;
  }

  async #reopen(): Promise<void> {
    try {
      // While it is open it can be read: better than none that cannot be opened.
      await assertRoom(this.#directory);
      const old = this.#level;
      this.#level = undefined;
      while (this.#reads > 0) await this.#idle.wait();
      await old?.close();
      this.#level = await openLevel(this.#directory);
      this.#fault = undefined;
    } catch (error) {
      this.#fault = { error: errorFromLevel(error), retryAtMs: performance.now() + RETRY_MS };
    }
  }
}

/** Opening writes the log again as a table. */
async function assertRoom(directory: string): Promise<void> {
  const probe = join(directory, PROBE_NAME);
  const logs = (await readdir(directory)).filter((name) => name.endsWith('.log'));
  const sizes = await Promise.all(logs.map(async (name) => (await stat(join(directory, name))).size));
  let left = sizes.reduce((sum, size) => sum + size, SPARE_BYTES);
  const block = Buffer.alloc(65_536);
  try {
    const file = await open(probe, 'w');
    try {
      while (left > 0) left -= (await file.write(block)).bytesWritten;
    } finally {
      await file.close();
    }
  } finally {
    await rm(probe, { force: true });
  }
}
