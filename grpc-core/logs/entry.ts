import type { LogEntry } from '../../proto/types/streaming/LogEntry.js';
import { timestampFromMs } from '../base/index.js';

/** The levels of the contract, lowest first. */
export const LEVELS = ['DEBUG', 'INFO', 'WARN', 'ERROR'] as const;
export type Level = (typeof LEVELS)[number];

/** A log entry as it is stored. */
export interface StoredEntry {
  readonly service: string;
  readonly level: Level;
  readonly message: string;
  readonly epochMs: number;
  readonly metadata: Readonly<Record<string, string>>;
}

/** An entry is cut to these lengths (in characters) before it is stored, so that a hostile value cannot fill the log. */
const MAX_MESSAGE = 4096;
const MAX_VALUE = 512;
const MAX_FIELDS = 32;

/** The bytes of an entry in the store. */
export function bytesFromEntry(entry: StoredEntry): Uint8Array {
  const fields = Object.entries(entry.metadata).slice(0, MAX_FIELDS);
  const metadata = Object.fromEntries(
    fields.map(([key, value]) => [key.slice(0, MAX_VALUE), value.slice(0, MAX_VALUE)]),
  );
  return Buffer.from(JSON.stringify({ ...entry, message: entry.message.slice(0, MAX_MESSAGE), metadata }));
}

/** The entry in the store's bytes; `undefined` when they are none, which only a foreign writer can cause. */
export function entryFromBytes(bytes: Uint8Array): StoredEntry | undefined {
  try {
    const entry: Partial<StoredEntry> = JSON.parse(Buffer.from(bytes).toString());
    const { service, level, message, epochMs, metadata } = entry;
    const valid =
      typeof service === 'string' &&
      level !== undefined &&
      LEVELS.includes(level) &&
      typeof message === 'string' &&
      typeof epochMs === 'number' &&
      typeof metadata === 'object';
    return valid ? { service, level, message, epochMs, metadata } : undefined;
  } catch {
    return undefined;
  }
}

/** The message of the contract. */
export function messageFromEntry(entry: StoredEntry): LogEntry {
  return {
    service: entry.service,
    level: entry.level,
    message: entry.message,
    timestamp: timestampFromMs(entry.epochMs),
    metadata: entry.metadata,
  };
}
