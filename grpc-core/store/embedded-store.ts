import { Database } from './database.js';
import { EmbeddedLog } from './embedded-log.js';
import { EmbeddedMap } from './embedded-map.js';
import { assertLogName } from './log-name.js';
import type { KeyValueMap, Log, Store } from './store.js';

export interface EmbeddedStoreOptions {
  /** The folder of the database; made when missing. One process at a time. */
  readonly directory: string;
  /** How many of the newest records a log of that name keeps. Default: logs that are not named keep everything. */
  readonly retain?: Readonly<Record<string, number>>;
  /**
   * Whether every write waits for the disk. Default false: what was acknowledged survives the death of the process
   * (`kill -9`), but the last moments may be lost when the machine loses power.
   */
  readonly sync?: boolean;
}

/** Logs and maps beyond so many, if nobody uses them at the moment, are forgotten in memory and read again when needed. */
const MAX_OPEN = 1024;

/**
 * Opens the store of one process, on LevelDB. Rejects with one clear line when another process has it open, the folder
 * cannot be written, or something of the store is gone. Whoever opens it closes it.
 */
export async function openEmbeddedStore(options: EmbeddedStoreOptions): Promise<Store> {
  const { directory, retain = {}, sync = false } = options;
  const retained = new Map(Object.entries(retain));
  for (const [name, count] of retained) {
    assertLogName(name);
    if (!Number.isSafeInteger(count) || count < 1)
      throw new RangeError(`retain.${name}: must be an integer from 1`);
  }
  const database = await Database.open(directory, { sync });
  const logs = new Map<string, EmbeddedLog>();
  const maps = new Map<string, EmbeddedMap>();
  let closing: Promise<void> | undefined;

  function logNamed(name: string): EmbeddedLog {
    if (closing !== undefined) throw new Error('the store is closed');
    const known = logs.get(name) ?? new EmbeddedLog(database, name, { retain: retained.get(name) });
    // Moving it to the end keeps the map in the order of last use.
    logs.delete(name);
    logs.set(name, known);
    if (logs.size > MAX_OPEN) forgetIdle(name);
    return known;
  }

  function forgetIdle(except: string): void {
    for (const [name, log] of logs) {
      if (logs.size <= MAX_OPEN) return;
      if (log.idle && name !== except) logs.delete(name);
    }
  }

  return {
    log(name): Log {
      assertLogName(name);
      return {
        append: async (data, expectedLast) => await logNamed(name).append(data, expectedLast),
        last: async () => await logNamed(name).last(),
        read: async (after, limit) => await logNamed(name).read(after, limit),
        follow: (after, signal) => logNamed(name).follow(after, signal),
      };
    },
    map(name): KeyValueMap {
      assertLogName(name);
      const known = maps.get(name) ?? new EmbeddedMap(database, name);
      maps.set(name, known);
      return known;
    },
    async close(): Promise<void> {
      closing ??= (async () => {
        await Promise.all([...logs.values()].map((log) => log.close()));
        await Promise.all([...maps.values()].map((map) => map.settled()));
        await database.close();
      })();
      await closing;
    },
  };
}
