/** An entry of a log. */
export interface LogRecord {
  /** Counts from 1 in each log, without a gap. */
  readonly sequence: number;
  readonly data: Uint8Array;
}

/** A value with the revision that `compareAndSet` needs. */
export interface KeyValue {
  readonly value: Uint8Array;
  /** Grows with every change of the key; 0 is "does not exist". */
  readonly revision: number;
}

/** An append-only sequence of records, shared by all replicas that use the same store. */
export interface Log {
  /**
   * Appends and returns the sequence number. With `expectedLast`, only if the newest sequence is that number; otherwise
   * throws `StoreConflict`, and nothing has changed. Durable against the death of the process when it resolves.
   */
  append(data: Uint8Array, expectedLast?: number): Promise<number>;
  /** The newest sequence number, 0 when empty. */
  last(): Promise<number>;
  /** Records after `sequence`, at most `limit`, in order. */
  read(after: number, limit: number): Promise<LogRecord[]>;
  /** Records after `sequence`, then each new one, until `signal` aborts (which ends it without an error). Reads ahead at most 100 records. */
  follow(after: number, signal: AbortSignal): AsyncIterable<LogRecord>;
}

/** A map of keys to small values. */
export interface KeyValueMap {
  get(key: string): Promise<KeyValue | undefined>;
  /** Sets if the key's revision is still that (0: does not exist); otherwise throws `StoreConflict`. Returns the new revision. */
  compareAndSet(key: string, value: Uint8Array, revision: number): Promise<number>;
}

/**
 * The state of the core: every replica that shares a store shares its rooms, games, documents and streams. Every operation may throw a `CoreError`: DATA_LOSS when what was
 * stored is damaged, RESOURCE_EXHAUSTED when the disk is full, and it works again when that is over. After a failed write it is not known whether it was done.
 */
export interface Store {
  /** The log of that name; made when first appended to. Names match [a-zA-Z0-9._-]{1,200}; `logName` encodes others. */
  log(name: string): Log;
  /** The map of that name. */
  map(name: string): KeyValueMap;
  /** Ends every `follow`, flushes and releases. */
  close(): Promise<void>;
}

/** The log or key changed in the meantime: read again and retry. */
export class StoreConflict extends Error {
  override readonly name = 'StoreConflict';
}
