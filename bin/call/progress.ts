import { basename } from 'node:path';
import { escaped } from '../escaped.js';

const WIDTH = 24;
/** The longest name that is shown, in characters: the bar must fit beside it. */
const MAX_NAME = 24;
const REDRAW_MS = 150;
const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];

/** Where progress is shown. */
export interface ProgressTerminal {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

/** How far a file has come, on one line of a terminal that is written over. Does nothing where it is no terminal. */
export class Progress {
  readonly #terminal: ProgressTerminal;
  readonly #name: string;
  readonly #total: number | undefined;
  readonly #begun = performance.now();
  #timer: NodeJS.Timeout | undefined;
  #done = 0;

  /** `file`: its path. `total`: in bytes; `undefined` where it is not known. The caller calls `end`. */
  constructor(terminal: ProgressTerminal, file: string, total: number | undefined) {
    this.#terminal = terminal;
    const name = escaped(basename(file));
    this.#name = name.length > MAX_NAME ? `${name.slice(0, MAX_NAME - 3)}...` : name;
    this.#total = total;
    if (!terminal.isTTY) return;
    this.#timer = setInterval(() => this.#draw(''), REDRAW_MS);
    this.#timer.unref();
    this.#draw('');
  }

  add(bytes: number): void {
    this.#done += bytes;
  }

  /** Draws it for the last time, and leaves the line: before anything else is written. Calling it again does nothing. */
  end(): void {
    if (this.#timer === undefined) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#draw('\n');
  }

  #draw(end: string): void {
    const line = progressLine(this.#name, this.#done, this.#total, performance.now() - this.#begun);
    this.#terminal.write(`\r${line.slice(0, (this.#terminal.columns || 80) - 1)}\x1b[K${end}`);
  }
}

/** "photo.jpg [#######---]  58 %  7.0 of 12.0 MiB  3.5 MiB/s  0:02 left", or without a total "photo.jpg  7.0 MiB  3.5 MiB/s". */
export function progressLine(
  name: string,
  done: number,
  total: number | undefined,
  elapsedMs: number,
): string {
  const rate = elapsedMs > 0 ? (done * 1_000) / elapsedMs : 0;
  const speed = `${sizeText(rate)}/s`;
  if (total === undefined || total < done) return `${name}  ${sizeText(done)}  ${speed}`;
  const part = total === 0 ? 1 : done / total;
  const filled = Math.floor(part * WIDTH);
  const bar = `${'#'.repeat(filled)}${'-'.repeat(WIDTH - filled)}`;
  const percent = `${Math.floor(part * 100)}`.padStart(3);
  const left = done < total && rate > 0 ? `  ${timeText((total - done) / rate)} left` : '';
  return `${name} [${bar}] ${percent} %  ${sizeText(done)} of ${sizeText(total)}  ${speed}${left}`;
}

/** Bytes with a unit that leaves few digits. */
function sizeText(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 1_000 && unit < UNITS.length - 1) {
    value /= 1_024;
    unit += 1;
  }
  return `${unit === 0 ? Math.round(value) : value.toFixed(1)} ${UNITS[unit]}`;
}

function timeText(seconds: number): string {
  const whole = Math.ceil(seconds);
  const minutes = Math.floor(whole / 60);
  const rest = String(whole % 60).padStart(2, '0');
  if (minutes < 60) return `${minutes}:${rest}`;
  return `${Math.floor(minutes / 60)}:${String(minutes % 60).padStart(2, '0')}:${rest}`;
}
