import { type Logger, pino } from 'pino';
import { UsageError } from './flags.js';

const LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'];

/** A logger, and what becomes of its lines. */
export interface Output {
  /** Writes JSON lines to the standard output. */
  readonly log: Logger;
  /** Resolves when nobody takes them any more: the pipe is closed, or the terminal is gone. */
  readonly lost: Promise<void>;
}

/** Opens the log of a process, once. Throws `UsageError` for a level that there is not. */
export function openLog(level: string | undefined): Output {
  if (level === undefined || !LEVELS.includes(level)) {
    throw new UsageError(`--log-level must be one of ${LEVELS.join(', ')}, not ${JSON.stringify(level)}`);
  }
  const destination = pino.destination(1);
  const lost = new Promise<void>((resolve) => destination.on('error', () => resolve()));
  const log = pino({ level, base: null, timestamp: pino.stdTimeFunctions.isoTime }, destination);
  return { log, lost };
}
