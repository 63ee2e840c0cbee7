import { type Logger, pino } from 'pino';
import { LineWriter } from './line-writer.js';
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

/** Opens the log of a process, once. Its last lines are written when the process exits, however it does. */
export function openLog({ logLevel: level, logFormat }: LogOptions): Output {
  const { isTTY } = process.stdout;
  let onLost = () => {};
  const lost = new Promise<void>((resolve) => {
    onLost = resolve;
  });
  const isPretty = logFormat === 'pretty' || (logFormat === 'auto' && isTTY);
  // Source: https://no-color.org
  const colours = isTTY && !process.env.NO_COLOR;
  const shown = (line: string) => (isPretty ? prettyLine(line, { colours }) : line);
  const onDropped = (dropped: number) =>
    log.warn({ lines: dropped }, 'log lines dropped: their reader is too slow');
  const lines = new LineWriter({ onLost, onDropped });
  process.once('exit', () => lines.close());
  const log = pino(
    { level, base: null, timestamp: () => `,"time":"${isoTime(Date.now())}"` },
    { write: (line: string) => lines.write(shown(line)) },
  );
  return { log, lost };
}

let second = Number.NaN;
let untilSecond = '';

/** An epoch time in milliseconds as ISO 8601 in UTC; what is the same for a second is made once a second. */
function isoTime(now: number): string {
  const milliseconds = now % 1_000;
  if (now - milliseconds !== second) {
    second = now - milliseconds;
    untilSecond = new Date(second).toISOString().slice(0, -4);
  }
  return `${untilSecond}${String(milliseconds).padStart(3, '0')}Z`;
}
