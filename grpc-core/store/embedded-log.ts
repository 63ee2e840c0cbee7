import { Bell } from '../base/index.js';
import type { Database } from './database.js';
import { LogRecords } from './log-records.js';
import { type LogRecord, StoreConflict } from './store.js';

/** `follow` reads ahead at most so many records, as the port promises. */
const READ_AHEAD = 100;
/** Appends that wait together are written together; more than this many wait for the next write. */
const MAX_GROUP = 256;
/** The newest records stay in memory, so that a hundred followers of a live log cost one write and no read. */
const TAIL_RECORDS = 256;
const TAIL_BYTES = 65_536;

interface PendingAppend {
  readonly data: Uint8Array;
  readonly expectedLast: number | undefined;
  readonly resolve: (sequence: number) => void;
  readonly reject: (reason: unknown) => void;
}

/**
 * One log of the embedded store. Appends to it are put in order here, in this process; the database's lock keeps other
 * processes out. Records given out are shared between readers and must not be written to.
 */
export class EmbeddedLog {
  readonly #database: Database;
  readonly #records: LogRecords;
  readonly #retain: number | undefined;
  readonly #bell = new Bell();
  readonly #queue: PendingAppend[] = [];
  readonly #tail: LogRecord[] = [];
  #tailBytes = 0;
  #last: number | undefined;
  #loading: Promise<number> | undefined;
  #writing: Promise<void> | undefined;
  #uses = 0;
  #closed = false;

  constructor(database: Database, name: string, options: { retain: number | undefined }) {
    this.#database = database;
    this.#records = new LogRecords(database, name);
    this.#retain = options.retain;
  }

  /** Nobody is in a call of this object: it may be dropped and made again. */
  get idle(): boolean {
    return this.#uses === 0;
  }

  append(data: Uint8Array, expectedLast: number | undefined): Promise<number> {
    return this.#use(async () => {
      const appended = new Promise<number>((resolve, reject) => {
        // A copy: the caller may reuse its buffer, and the tail keeps the record.
        this.#queue.push({ data: Uint8Array.from(data), expectedLast, resolve, reject });
      });
      this.#writing ??= this.#writeAll();
      return await appended;
    });
  }

  last(): Promise<number> {
    return this.#use(async () => this.#last ?? (await this.#load()));
  }

  read(after: number, limit: number): Promise<LogRecord[]> {
    return this.#use(async () => {
      if (!Number.isSafeInteger(after) || after < 0) throw new RangeError('after: must be an integer from 0');
      if (!Number.isSafeInteger(limit) || limit < 1) throw new RangeError('limit: must be an integer from 1');
      const last = this.#last ?? (await this.#load());
      const remembered = this.#remembered(after, limit);
      if (remembered !== undefined) return remembered;
      return await this.#records.read(after, last, limit);
    });
  }

  async *follow(after: number, signal: AbortSignal): AsyncGenerator<LogRecord, void, undefined> {
    this.#uses += 1;
    try {
      let position = after;
      while (!signal.aborted && !this.#closed) {
        const records = this.#remembered(position, READ_AHEAD) ?? (await this.#readUnlessClosed(position));
        for (const record of records) {
          if (signal.aborted || this.#closed) return;
          yield record;
          position = record.sequence;
        }
        // The look at #last and the wait are one turn, so no ring is missed.
        const nothingNew = this.#last === undefined || this.#last <= position;
        if (records.length === 0 && nothingNew && !this.#closed) await this.#bell.wait(signal);
      }
    } finally {
      this.#uses -= 1;
    }
  }

  /** Ends every follow, refuses new appends and resolves when those under way are written. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#bell.ring();
    await this.#writing;
  }

  async #use<Result>(work: () => Promise<Result>): Promise<Result> {
    if (this.#closed) throw new Error('the store is closed');
    this.#uses += 1;
    try {
      return await work();
    } finally {
      this.#uses -= 1;
    }
  }

  /** A database that closes while it is read from is the end of a follow, not its failure. */
  async #readUnlessClosed(after: number): Promise<LogRecord[]> {
    try {
      return await this.read(after, READ_AHEAD);
    } catch (error) {
      if (this.#closed) return [];
      throw error;
    }
  }

  #load(): Promise<number> {
    this.#loading ??= (async () => {
      try {
        const last = await this.#records.last();
        // The option may be smaller than it was when these were written.
        if (this.#retain !== undefined) await this.#records.clear(last, this.#retain);
        this.#last = last;
        return last;
      } finally {
        this.#loading = undefined;
      }
    })();
    return this.#loading;
  }

  async #writeAll(): Promise<void> {
    while (this.#queue.length > 0) await this.#writeGroup(this.#queue.splice(0, MAX_GROUP));
    this.#writing = undefined;
  }

  async #writeGroup(group: readonly PendingAppend[]): Promise<void> {
    const accepted: Array<{ readonly append: PendingAppend; readonly sequence: number }> = [];
    try {
      const before = this.#last ?? (await this.#load());
      let last = before;
      for (const append of group) {
        if (append.expectedLast !== undefined && append.expectedLast !== last) {
          append.reject(new StoreConflict(`the log is at ${last}, not at ${append.expectedLast}`));
          continue;
        }
        last += 1;
        accepted.push({ append, sequence: last });
      }
      if (accepted.length === 0) return;
      const added = accepted.map(({ append }) => append.data);
      await this.#database.write(this.#records.append(before, added, this.#retain));
      this.#last = last;
    } catch (error) {
      // Whether the write happened is not known: ask the database again next time.
      this.#last = undefined;
      this.#tail.length = 0;
      this.#tailBytes = 0;
      for (const append of group) append.reject(error);
      return;
    }
    for (const { append, sequence } of accepted) this.#remember({ sequence, data: append.data });
    for (const { append, sequence } of accepted) append.resolve(sequence);
    this.#bell.ring();
  }

  /** What memory alone can answer; `undefined` when the database has to be asked. */
  #remembered(after: number, limit: number): LogRecord[] | undefined {
    if (this.#last !== undefined && after >= this.#last) return [];
    const oldest = this.#tail[0]?.sequence;
    if (oldest === undefined || oldest > after + 1) return undefined;
    return this.#tail.slice(after + 1 - oldest, after + 1 - oldest + limit);
  }

  #remember(record: LogRecord): void {
    this.#tail.push(record);
    this.#tailBytes += record.data.byteLength;
    const most = Math.min(TAIL_RECORDS, this.#retain ?? TAIL_RECORDS);
    while (this.#tail.length > most || this.#tailBytes > TAIL_BYTES) {
      this.#tailBytes -= this.#tail.shift()?.data.byteLength ?? 0;
    }
  }
}
