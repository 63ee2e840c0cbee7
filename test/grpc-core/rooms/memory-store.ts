import {
  type KeyValueMap,
  type Log,
  type LogRecord,
  type Store,
  StoreConflict,
} from '../../../grpc-core/store/index.js';

/** A store in memory that counts what it holds open. Two services that share one are two replicas. */
export class MemoryStore implements Store {
  readonly #logs = new Map<string, LogRecord[]>();
  readonly #maps = new Map<string, Map<string, { value: Uint8Array; revision: number }>>();
  readonly #wakes = new Set<() => void>();
  /** Follows that have begun and not ended. */
  following = 0;
  /** Times that a log or key was not as its writer thought. */
  conflicts = 0;
  /** Records given to `read`. */
  recordsRead = 0;
  #closed = false;

  log(name: string): Log {
    const records = this.#logs.get(name) ?? [];
    this.#logs.set(name, records);
    return {
      append: async (data, expectedLast) => {
        // Like a real store, it takes a moment between asking and being asked.
        await new Promise((resolve) => setImmediate(resolve));
        if (expectedLast !== undefined && expectedLast !== records.length) throw this.#conflict();
        records.push({ sequence: records.length + 1, data: Uint8Array.from(data) });
        for (const wake of this.#wakes) wake();
        return records.length;
      },
      last: async () => records.length,
      read: async (after, limit) => {
        const found = records.slice(after, after + limit);
        this.recordsRead += found.length;
        return found;
      },
      follow: (after, signal) => this.#follow(records, after, signal),
    };
  }

  map(name: string): KeyValueMap {
    const values = this.#maps.get(name) ?? new Map<string, { value: Uint8Array; revision: number }>();
    this.#maps.set(name, values);
    return {
      get: async (key) => values.get(key),
      compareAndSet: async (key, value, revision) => {
        await new Promise((resolve) => setImmediate(resolve));
        if ((values.get(key)?.revision ?? 0) !== revision) throw this.#conflict();
        values.set(key, { value: Uint8Array.from(value), revision: revision + 1 });
        return revision + 1;
      },
    };
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const wake of this.#wakes) wake();
  }

  #conflict(): StoreConflict {
    this.conflicts++;
    return new StoreConflict('changed in the meantime');
  }

  async *#follow(records: readonly LogRecord[], after: number, signal: AbortSignal) {
    this.following++;
    try {
      for (let at = after; !signal.aborted && !this.#closed; ) {
        const record = records[at];
        if (record !== undefined) {
          at++;
          yield record;
          continue;
        }
        await new Promise<void>((resolve) => {
          const wake = () => {
            this.#wakes.delete(wake);
            signal.removeEventListener('abort', wake);
            resolve();
          };
          this.#wakes.add(wake);
          signal.addEventListener('abort', wake);
        });
      }
    } finally {
      this.following--;
    }
  }
}
