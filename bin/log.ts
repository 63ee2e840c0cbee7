import { type Logger, pino } from 'pino';
import { prettyLine } from './log-format.js';

/** A logger, and what becomes of its lines. */
export interface Output {
  /** Writes lines to the standard output. */
  readonly log: Logger;
  /** Resolves when nothing takes them any more: the pipe is closed, or the terminal is gone. */
  readonly lost: Promise<void>;
}

export interface LogOptions {
  /** One of pino's levels. */
  readonly logLevel: string;
  /** `auto`: `pretty` on a terminal, else `json`. */
  readonly logFormat: 'auto' | 'json' | 'pretty';
}

/** Opens the log of a process, once. */
export function openLog({ logLevel: level, logFormat }: LogOptions): Output {
  const { isTTY } = process.stdout;
  const destination = pino.destination(1);
  const lost = new Promise<void>((resolve) => destination.on('error', () => resolve()));
  const isPretty = logFormat === 'pretty' || (logFormat === 'auto' && isTTY);
  // Source: https://no-color.org
  const colours = isTTY && !process.env.NO_COLOR;
  const stream = isPretty
    ? { write: (line: string) => void destination.write(prettyLine(line, { colours })) }
    : destination;
  const log = pino({ level, base: null, timestamp: pino.stdTimeFunctions.isoTime }, stream);
  return { log, lost };
}
