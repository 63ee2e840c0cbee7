import { escaped } from './escaped.js';

/** Whether a line is for a terminal, and may have colours. */
export interface PrettyOptions {
  readonly colours: boolean;
}

type LogRecord = Readonly<Record<string, unknown>>;

const LEVELS: Readonly<Record<number, readonly [name: string, colour: number]>> = {
  10: ['TRACE', 90],
  20: ['DEBUG', 36],
  30: ['INFO', 32],
  40: ['WARN', 33],
  50: ['ERROR', 31],
  60: ['FATAL', 31],
};

/** What needs no quotes: no space, and nothing that a terminal takes for more than a letter. */
const PLAIN = /^[\w./:@+%~[\]-]+$/;

/**
 * A line of the log, JSON, as one line for people: time, level, message, then `name=value` for the rest. Nothing of a value can end the line or
 * reach the terminal as a command. What is no JSON stays as it is, escaped.
 */
export function prettyLine(line: string, { colours }: PrettyOptions): string {
  let record: LogRecord;
  try {
    record = JSON.parse(line) as LogRecord;
  } catch {
    return `${escaped(line.trimEnd())}\n`;
  }
  const { level, time, msg, err, ...fields } = record;
  const paint = (text: string, colour: number) => (colours ? `\u001b[${colour}m${text}\u001b[0m` : text);
  const [name, colour] = LEVELS[Number(level)] ?? [escaped(String(level)), 0];
  const parts = [
    paint(clockTime(time), 90),
    paint(name.padEnd(5), colour),
    escaped(String(msg ?? '')),
    ...Object.entries(fields).map(([key, value]) => `${paint(`${escaped(key)}=`, 90)}${shown(value)}`),
    ...(err === undefined ? [] : [`${paint('err=', 31)}${shown(textOfError(err))}`]),
  ];
  return `${parts.join(' ')}\n`;
}

/** Of an ISO time, the time of the day in UTC: terminals show what happens now. */
function clockTime(time: unknown): string {
  return typeof time === 'string' && /^\d{4}-\d\d-\d\dT[\d:.]+Z$/.test(time)
    ? time.slice(11, -1)
    : shown(time);
}

/** An error with its stack, which has all that pino knows of it, in one line. */
function textOfError(err: unknown): unknown {
  const stack = (err as { stack?: unknown } | null)?.stack;
  return typeof stack === 'string' ? stack.replace(/\n\s*/g, ' | ') : err;
}

function shown(value: unknown): string {
  if (typeof value === 'string' && PLAIN.test(value)) return value;
  return escaped(JSON.stringify(value) ?? 'undefined');
}
