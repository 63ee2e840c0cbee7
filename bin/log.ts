import { type Logger, pino } from 'pino';

/** A logger, and what becomes of its lines. */
export interface Output {
  /** Writes JSON lines to the standard output. */
  readonly log: Logger;
  /** Resolves when nobody takes them any more: the pipe is closed, or the terminal is gone. */
  readonly lost: Promise<void>;
}

/** Opens the log of a process, once. `level` is one of pino's. */
export function openLog(level: string): Output {
  const destination = pino.destination(1);
  const lost = new Promise<void>((resolve) => destination.on('error', () => resolve()));
  const log = pino({ level, base: null, timestamp: pino.stdTimeFunctions.isoTime }, destination);
  return { log, lost };
}
