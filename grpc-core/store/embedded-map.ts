import type { Database } from './embedded-log.js';
import { type KeyValue, type KeyValueMap, StoreConflict } from './store.js';

/** A stored value begins with its revision, 8 bytes big-endian. */
const revisionBytes = 8;

/** One map of the embedded store. Changes of a map happen one after another, which is what makes the comparison safe. */
export class EmbeddedMap implements KeyValueMap {
  readonly #database: Database;
  readonly #prefix: string;
  readonly #sync: boolean;
  #changes: Promise<unknown> = Promise.resolve();

  constructor(database: Database, name: string, options: { sync: boolean }) {
    this.#database = database;
    this.#prefix = `m!${name}!`;
    this.#sync = options.sync;
  }

  async get(key: string): Promise<KeyValue | undefined> {
    const stored = await this.#database.get(this.#prefix + key);
    if (stored === undefined) return undefined;
    const view = new DataView(stored.buffer, stored.byteOffset, stored.byteLength);
    return { revision: Number(view.getBigUint64(0)), value: stored.subarray(revisionBytes) };
  }

  compareAndSet(key: string, value: Uint8Array, revision: number): Promise<number> {
    const bytes = new Uint8Array(revisionBytes + value.byteLength);
    bytes.set(value, revisionBytes);
    const change = this.#changes.then(async () => {
      const current = (await this.get(key))?.revision ?? 0;
      if (current !== revision)
        throw new StoreConflict(`the key is at revision ${current}, not at ${revision}`);
      new DataView(bytes.buffer).setBigUint64(0, BigInt(current + 1));
      await this.#database.put(this.#prefix + key, bytes, { sync: this.#sync });
      return current + 1;
    });
    this.#changes = change.catch(() => undefined);
    return change;
  }

  /** Resolves when the changes under way are written. */
  async settled(): Promise<void> {
    await this.#changes;
  }
}
