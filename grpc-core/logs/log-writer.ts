import pino, { type Logger } from 'pino';
import type { Log } from '../store/index.js';
import { bytesFromEntry, type Level, type StoredEntry } from './entry.js';

/** The name under which the core's own lines are found. */
export const CORE_SERVICE = 'core';

export interface LogWriter {
  /** Logs to the process's own log and, from DEBUG up, to the store, where StreamLogs finds it. */
  readonly logger: Logger;
  /** Resolves when every line is stored or given up. The logger still logs to the process's own log. */
  close(): Promise<void>;
}

export interface LogWriterOptions {
  /** The process's own log. */
  readonly log: Logger;
  /** Where the entries go. */
  readonly store: Log;
  /** At most so many lines wait to be stored; more are dropped, and an entry says how many. Default 1000. */
  readonly maxWaiting?: number;
}

interface Line extends Record<string, unknown> {
  readonly level: number;
  readonly time: number;
  readonly msg?: string;
}

/**
 * A pino logger that writes each line twice. What goes wrong with storing is told to the process's own log only,
 * and once until it goes right again: a log writer that logged about itself would feed itself.
 */
export function openLogWriter({ log, store, maxWaiting = 1000 }: LogWriterOptions): LogWriter {
  let waiting = 0;
  let dropped = 0;
  let broken = false;
  let closed = false;
  let newest: Promise<unknown> = Promise.resolve();

  function keep(entry: StoredEntry): void {
    if (closed) return;
    if (waiting >= maxWaiting) {
      dropped += 1;
      return;
    }
    waiting += 1;
    newest = store.append(bytesFromEntry(entry)).then(stored, failed);
  }

  function stored(): void {
    waiting -= 1;
    broken = false;
    if (dropped === 0 || waiting > 0) return;
    const count = dropped;
    dropped = 0;
    keep(droppedEntry(count, Date.now()));
  }

  function failed(error: unknown): void {
    waiting -= 1;
    if (!broken && !closed) log.error({ err: error }, 'log entries not stored');
    broken = true;
  }

  const destination: pino.DestinationStream = {
    write(text) {
      const { level, time, msg = '', ...fields }: Line = JSON.parse(text);
      forward(log, level, fields, msg);
      keep({
        service: CORE_SERVICE,
        level: levelFromPino(level),
        message: msg,
        epochMs: time,
        metadata: textFields(fields),
      });
    },
  };
  return {
    logger: pino({ level: 'debug', base: null }, destination),
    async close() {
      // Twice: the end of the first may add the entry about what was dropped.
      await newest;
      await newest;
      closed = true;
    },
  };
}

/** The entry that stands where entries are missing. */
export function droppedEntry(count: number, epochMs: number): StoredEntry {
  return {
    service: CORE_SERVICE,
    level: 'WARN',
    message: `${count} log entries were dropped`,
    epochMs,
    metadata: { dropped: String(count) },
  };
}

function forward(log: Logger, level: number, fields: object, message: string): void {
  if (level >= 60) log.fatal(fields, message);
  else if (level >= 50) log.error(fields, message);
  else if (level >= 40) log.warn(fields, message);
  else if (level >= 30) log.info(fields, message);
  else log.debug(fields, message);
}

function levelFromPino(level: number): Level {
  if (level >= 50) return 'ERROR';
  if (level >= 40) return 'WARN';
  return level >= 30 ? 'INFO' : 'DEBUG';
}

/** The fields as text. What an exception says stays in the process's own log: it is not for those who may call StreamLogs. */
function textFields(fields: Readonly<Record<string, unknown>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(fields)
      .filter(([key]) => key !== 'err')
      .map(([key, value]) => [key, typeof value === 'string' ? value : JSON.stringify(value)]),
  );
}
