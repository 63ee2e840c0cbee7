import { setTimeout as delay } from 'node:timers/promises';
import type { StreamData } from '../../proto/types/streaming/StreamData.js';
import { type Log, type LogRecord, type Store, StoreConflict } from '../store/index.js';

/** The store's log that holds the items; an item's id is its sequence number. */
export const DATA_LOG_NAME = 'data';
/** A fresh store gets so many items at once, so that there is something to read. */
export const SEED_COUNT = 1000;

/** The durable numbered stream and the producer that lets it grow. */
export interface DataLog {
  readonly log: Log;
  /** Ends the producer; resolves when its last append is done. The store stays open. */
  close(): Promise<void>;
}

export interface DataLogOptions {
  readonly store: Store;
  /** A further item comes every so many milliseconds. */
  readonly intervalMs: number;
  /** Learns why an item could not be stored, once until one can be again; the producer goes on. */
  readonly onError: (error: unknown) => void;
}

/** Seeds a fresh log and starts the producer. Rejects when the store cannot be written. Whoever opens it closes it before the store. */
export async function openDataLog({ store, intervalMs, onError }: DataLogOptions): Promise<DataLog> {
  const log = store.log(DATA_LOG_NAME);
  await seed(log);
  const stop = new AbortController();
  const producing = produce(log, intervalMs, stop.signal, onError);
  return {
    log,
    async close() {
      stop.abort();
      await producing;
    },
  };
}

/** Every append names its place: whoever was killed while seeding goes on there, and two that start together do not seed twice. */
async function seed(log: Log): Promise<void> {
  let last = await log.last();
  while (last < SEED_COUNT) {
    const missing = Array.from({ length: SEED_COUNT - last }, (_, i) => last + i);
    const appended = await Promise.allSettled(
      missing.map((place) => log.append(itemBytes(place + 1), place)),
    );
    const failed = appended.find((result) => result.status === 'rejected');
    if (failed !== undefined && !(failed.reason instanceof StoreConflict)) throw failed.reason;
    last = await log.last();
  }
}

async function produce(
  log: Log,
  intervalMs: number,
  signal: AbortSignal,
  onError: (error: unknown) => void,
): Promise<void> {
  let broken = false;
  while (!signal.aborted) {
    await delay(intervalMs, undefined, { signal }).catch(() => undefined);
    if (signal.aborted) return;
    try {
      const last = await log.last();
      await log.append(itemBytes(last + 1), last);
      broken = false;
    } catch (error) {
      // Another producer was faster: its item is as good.
      if (error instanceof StoreConflict) continue;
      if (!broken) onError(error);
      broken = true;
    }
  }
}

function itemBytes(id: number): Uint8Array {
  return Buffer.from(`item ${id}`);
}

/** The message of a stored item. */
export function itemFromRecord(record: LogRecord): StreamData {
  return { id: record.sequence, data: Buffer.from(record.data).toString() };
}
