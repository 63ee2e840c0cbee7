import { damaged, seal, unseal } from './checksum.js';
import type { Change, Database } from './database.js';
import { type KeyValue, type KeyValueMap, StoreConflict } from './store.js';

/** A stored value begins with its revision, 8 bytes big-endian. */
const REVISION_BYTES = 8;

/**
 * One map of the embedded store. Changes of a map happen one after another, which is what makes the comparison safe. Keys are `M!name!key`, values are
 * sealed (checksum.ts); those of before there were checksums are `m!name!key`, as they are, until they are set.
 */
export class EmbeddedMap implements KeyValueMap {
  readonly #database: Database;
  readonly #prefix: string;
  readonly #oldPrefix: string;
  #changes: Promise<unknown> = Promise.resolve();

  constructor(database: Database, name: string) {
    this.#database = database;
    this.#prefix = `M!${name}!`;
    this.#oldPrefix = `m!${name}!`;
  }

  async get(key: string): Promise<KeyValue | undefined> {
    return (await this.#find(key))?.found;
  }

  compareAndSet(key: string, value: Uint8Array, revision: number): Promise<number> {
    const bytes = Uint8Array.from(value);
    const change = this.#changes.then(async () => {
      const current = await this.#find(key);
      const known = current?.found.revision ?? 0;
      if (known !== revision) throw new StoreConflict(`the key is at revision ${known}, not at ${revision}`);
      const head = Buffer.alloc(REVISION_BYTES);
      head.writeBigUInt64BE(BigInt(known + 1));
      const at = this.#prefix + key;
      const changes: Change[] = [{ type: 'put', key: at, value: seal(at, head, bytes) }];
      if (current?.old) changes.push({ type: 'del', key: this.#oldPrefix + key });
      await this.#database.write(changes);
      return known + 1;
    });
    this.#changes = change.catch(() => undefined);
    return change;
  }

  /** Resolves when the changes under way are written. */
  async settled(): Promise<void> {
    await this.#changes;
  }

  async #find(key: string): Promise<{ readonly found: KeyValue; readonly old: boolean } | undefined> {
    const at = this.#prefix + key;
    const sealed = await this.#database.get(at);
    const bytes = sealed === undefined ? await this.#database.get(this.#oldPrefix + key) : unseal(at, sealed);
    if (bytes === undefined) return undefined;
    if (bytes.byteLength < REVISION_BYTES) throw damaged(`${at} is too short`);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const found = { revision: Number(view.getBigUint64(0)), value: bytes.subarray(REVISION_BYTES) };
    return { found, old: sealed === undefined };
  }
}
