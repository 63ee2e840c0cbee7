import { damaged, seal, unseal } from './checksum.js';
import type { Change, Database } from './database.js';
import type { LogRecord } from './store.js';

type Entry = readonly [key: string, stored: Uint8Array];

/** What is forgotten at a start goes so many records at a time. */
const CLEAR_PAGE = 1000;
const DIGIT_COUNT = 16;

/**
 * How the records of a log lie in the database: keys are `L!name!sequence`, values are sealed (checksum.ts); `B!name` has the oldest and the newest number, written with
 * them, so that records that cannot be found are missed. Records of before there were checksums are `l!name!sequence`, as they are; they are read until they are forgotten,
 * and everything new comes after them. Everything throws DATA_LOSS where a record is damaged or missing.
 */
export class LogRecords {
  readonly #database: Database;
  readonly #sealed: string;
  readonly #raw: string;
  readonly #bounds: string;
  /** The newest record without a checksum. */
  #rawLast = 0;
  /** The oldest record that was not forgotten. */
  #first = 1;

  constructor(database: Database, name: string) {
    this.#database = database;
    this.#sealed = `L!${name}!`;
    this.#raw = `l!${name}!`;
    this.#bounds = `B!${name}`;
  }

  /** The newest sequence number, 0 when empty. Comes before the other methods, and after a write that failed. */
  async last(): Promise<number> {
    this.#rawLast = await this.#end(this.#raw, true);
    const newest = Math.max(this.#rawLast, await this.#end(this.#sealed, true));
    const bounds = await this.#database.get(this.#bounds);
    if (bounds === undefined) {
      if (newest > this.#rawLast) throw damaged(`${this.#bounds} is missing`);
      this.#first = Math.max(1, await this.#end(this.#raw, false));
      return newest;
    }
    const text = Buffer.from(unseal(this.#bounds, bounds)).toString();
    this.#first = sequenceOf(text.slice(0, DIGIT_COUNT));
    const last = sequenceOf(text);
    if (newest !== last) throw this.#missing(Math.max(newest, last));
    return last;
  }

  /** Records after `after` up to `last`. */
  async read(after: number, last: number, limit: number): Promise<LogRecord[]> {
    const records: LogRecord[] = [];
    for (const [key, stored] of await this.#entries(after, last, limit)) {
      const sequence = sequenceOf(key);
      const next = (records.at(-1)?.sequence ?? sequence - 1) + 1;
      if (sequence !== next) throw this.#missing(next);
      records.push({ sequence, data: key.startsWith(this.#raw) ? stored : unseal(key, stored) });
    }
    const before = (records[0]?.sequence ?? last + 1) - 1;
    if (before > after && before >= this.#first) throw this.#missing(before);
    return records;
  }

  /** What adds records after `last`, and forgets the oldest so that at most `retain` are left. */
  append(last: number, added: readonly Uint8Array[], retain = Number.POSITIVE_INFINITY): Change[] {
    const puts = added.map((data, index): Change => {
      const key = this.#sealed + digits(last + 1 + index);
      return { type: 'put', key, value: seal(key, data) };
    });
    return [...puts, ...this.#forget(last + added.length, retain)];
  }

  /** Forgets the oldest records so that at most `retain` are left. */
  async clear(last: number, retain: number): Promise<void> {
    while (this.#first <= last - retain) {
      await this.#database.write(this.#forget(last, Math.max(retain, last + 1 - this.#first - CLEAR_PAGE)));
    }
  }

  #forget(last: number, retain: number): Change[] {
    const first = Math.max(this.#first, last + 1 - retain);
    const changes: Change[] = [];
    for (; this.#first < first; this.#first += 1) {
      const prefix = this.#first <= this.#rawLast ? this.#raw : this.#sealed;
      changes.push({ type: 'del', key: prefix + digits(this.#first) });
    }
    const bounds = Buffer.from(digits(first) + digits(last));
    return [...changes, { type: 'put', key: this.#bounds, value: seal(this.#bounds, bounds) }];
  }

  async #entries(after: number, last: number, limit: number): Promise<Entry[]> {
    const raw = await this.#range(this.#raw, after, Math.min(last, this.#rawLast), limit);
    const from = Math.max(after, this.#rawLast);
    return [...raw, ...(await this.#range(this.#sealed, from, last, limit - raw.length))];
  }

  async #range(prefix: string, after: number, last: number, limit: number): Promise<Entry[]> {
    if (after >= last || limit < 1) return [];
    return await this.#database.entries({ gt: prefix + digits(after), lte: prefix + digits(last), limit });
  }

  /** The number of the newest or the oldest record of a kind, 0 when there is none. */
  async #end(prefix: string, newest: boolean): Promise<number> {
    const range = { gt: prefix, lt: `${prefix}~`, reverse: newest, limit: 1 };
    const [entry] = await this.#database.entries(range);
    return entry === undefined ? 0 : sequenceOf(entry[0]);
  }

  #missing(sequence: number): Error {
    return damaged(`record ${sequence} of ${this.#sealed} is missing`);
  }
}

function sequenceOf(key: string): number {
  const text = key.slice(-DIGIT_COUNT);
  if (!/^[0-9]{16}$/.test(text)) throw damaged(`${key} is no key of a record`);
  return Number(text);
}

/** Fixed width, so that the database's byte order is the order of the numbers. */
function digits(sequence: number): string {
  return String(sequence).padStart(DIGIT_COUNT, '0');
}
