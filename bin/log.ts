import { type Logger, pino } from 'pino';
import { LineWriter } from './line-writer.js';
import { prettyLine } from './log-format.js';
import { plainLine } from './plain-line.js';

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
  const log = createLogger(level, (line) => lines.write(shown(line)));
  return { log, lost };
}

/** A logger of pino whose lines go to `write`. The lines of calls are made past most of what pino does for a line, with the same bytes. */
export function createLogger(level: string, write: (line: string) => void): Logger {
  const timestamp = () => `,"time":"${isoTime(Date.now())}"`;
  return pino(
    {
      level,
      base: null,
      timestamp,
      hooks: {
        logMethod(args: unknown[], method, levelNumber) {
          const [fields, message] = args;
          // What a child logger adds to each line is known to pino alone.
          const isOurs = args.length === 2 && boundFields(this) === '';
          const line =
            isOurs && typeof fields === 'object' && fields !== null && typeof message === 'string'
              ? plainLine(`{"level":${levelNumber}${timestamp()}`, fields, message)
              : undefined;
          if (line === undefined) method.apply(this, args as Parameters<typeof method>);
          else write(line);
        },
      },
    },
    { write },
  );
}

/** What a child logger adds to its lines, as JSON; nothing for a logger that is no child, or of no fields. */
function boundFields(log: object): unknown {
  return (log as Readonly<Record<symbol, unknown>>)[pino.symbols.chindingsSym];
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
