import { escaped } from '../escaped.js';

/** One look at the exchanges of a gateway: PROTOCOL.md, section 24. Of what a newer gateway may add nothing is known here. */
export interface StreamsLook {
  readonly open: number;
  readonly streams: readonly StreamRow[];
}

interface StreamRow {
  readonly requestId: string;
  readonly method: string;
  readonly surface: string;
  readonly peer: string;
  readonly principal?: string;
  readonly ageMs: number;
  readonly received: { readonly messages: number };
  readonly sent: { readonly messages: number; readonly bytes: number };
  readonly dropped: number;
  readonly credit?: { readonly messages: number };
  readonly waiting: {
    readonly gatewayBytes: number;
    readonly socketBytes?: number;
    readonly windowBytes?: number;
    readonly windowLeftBytes?: number;
  };
  readonly stalled?: { readonly by: string; readonly forMs: number };
}

/** The look before, and how long ago that was. */
export interface LookBefore {
  readonly look: StreamsLook;
  readonly elapsedMs: number;
}

interface Column {
  readonly head: string;
  /** Columns with a high one go first where the terminal is narrow, and those without a value in any row before them. Absent: it stays. */
  readonly leaves?: number;
  readonly isText?: true;
  readonly text: (row: StreamRow, rate: number | undefined) => string;
}

/** From left to right. */
const COLUMNS: readonly Column[] = [
  { head: 'METHOD', isText: true, text: ({ method }) => escaped(method.slice(method.lastIndexOf('.') + 1)) },
  { head: 'SURFACE', leaves: 9, isText: true, text: ({ surface }) => escaped(surface) },
  { head: 'CLIENT', leaves: 5, isText: true, text: ({ peer, principal }) => escaped(principal ?? peer) },
  { head: 'AGE', leaves: 7, text: ({ ageMs }) => ageText(ageMs) },
  { head: 'MSG/S', text: (_, rate) => (rate === undefined ? '' : rate.toFixed(rate < 10 ? 1 : 0)) },
  { head: 'SENT', leaves: 6, text: ({ sent }) => String(sent.messages) },
  { head: 'BYTES', leaves: 10, text: ({ sent }) => shortSize(sent.bytes) },
  { head: 'GATEWAY', leaves: 2, text: ({ waiting }) => shortSize(waiting.gatewayBytes) },
  {
    head: 'SOCKET',
    leaves: 3,
    text: ({ waiting }) => (waiting.socketBytes === undefined ? '' : shortSize(waiting.socketBytes)),
  },
  { head: 'WINDOW', leaves: 1, text: windowText },
  { head: 'CREDIT', leaves: 8, text: ({ credit }) => (credit === undefined ? '' : String(credit.messages)) },
  { head: 'DROPPED', leaves: 4, text: ({ dropped }) => (dropped === 0 ? '' : String(dropped)) },
  {
    head: 'STALLED BY',
    isText: true,
    text: ({ stalled }) => (stalled === undefined ? '' : `${escaped(stalled.by)} ${ageText(stalled.forMs)}`),
  },
];

/** A look as lines of a terminal: how many are open, a heading, and a row for each exchange. `MSG/S` needs a look before. */
export function topLines(
  look: StreamsLook,
  before: LookBefore | undefined,
  columns: number,
  rows: number,
): string[] {
  const shown = look.streams.slice(0, Math.max(0, rows - 3));
  const rates = before === undefined ? undefined : ratesOf(look, before);
  const all = COLUMNS.map((column) => filledColumn(column, shown, rates));
  const fitting = columnsWithin(all, columns);
  const line = (textOf: (column: FilledColumn) => string) =>
    fitting
      .map((column) =>
        column.isText ? textOf(column).padEnd(column.width) : textOf(column).padStart(column.width),
      )
      .join('  ')
      .trimEnd()
      .slice(0, columns);
  const stalled = look.streams.filter((row) => row.stalled !== undefined).length;
  const summary = `${look.open} open${stalled > 0 ? `, ${stalled} stalled` : ''}${shown.length < look.open ? `, ${shown.length} shown` : ''}`;
  return [
    summary.slice(0, columns),
    line(({ head }) => head),
    ...shown.map((_, index) => line(({ cells }) => cells[index] as string)),
  ];
}

/** How one of these lines is to be seen. */
export function styleOfLine({ streams }: StreamsLook, index: number): 'head' | 'alarm' | 'plain' {
  if (index === 1) return 'head';
  return streams[index - 2]?.stalled === undefined ? 'plain' : 'alarm';
}

/** The shortest that a method is cut to, in letters. */
const LEAST_NAME = 8;

interface FilledColumn extends Column {
  readonly cells: readonly string[];
  readonly width: number;
}

function filledColumn(
  column: Column,
  rows: readonly StreamRow[],
  rates: ReadonlyMap<string, number> | undefined,
): FilledColumn {
  const cells = rows.map((row) => column.text(row, rates?.get(keyOf(row))));
  return {
    ...column,
    cells,
    width: cells.reduce((most, text) => Math.max(most, text.length), column.head.length),
  };
}

/** What of the columns has room: those that say least leave, then names are cut. */
function columnsWithin(all: readonly FilledColumn[], columns: number): readonly FilledColumn[] {
  const leaving = all
    .filter(({ leaves }) => leaves !== undefined)
    .sort((a, b) => Number(isEmpty(b)) - Number(isEmpty(a)) || (b.leaves as number) - (a.leaves as number));
  const widthOf = (some: readonly FilledColumn[]) => some.reduce((sum, one) => sum + one.width + 2, -2);
  let left = all;
  for (const column of leaving) {
    if (widthOf(left) <= columns) return left;
    left = left.filter((one) => one !== column);
  }
  const [name, ...others] = left as [FilledColumn, ...FilledColumn[]];
  return [narrowed(name, Math.max(LEAST_NAME, columns - widthOf(others) - 2)), ...others];
}

/** The end of a method says more than its beginning. */
function narrowed(column: FilledColumn, width: number): FilledColumn {
  if (column.width <= width) return column;
  const cut = (text: string) => (text.length > width ? `…${text.slice(1 - width)}` : text);
  return { ...column, width, cells: column.cells.map(cut) };
}

function isEmpty({ cells }: FilledColumn): boolean {
  return cells.every((text) => text === '');
}

/** Messages a second, both directions together, of exchanges that can be told from others. */
function ratesOf(look: StreamsLook, { look: before, elapsedMs }: LookBefore): ReadonlyMap<string, number> {
  const known = countsOf(before);
  const rates = new Map<string, number>();
  for (const [key, count] of countsOf(look)) {
    const last = known.get(key);
    if (count !== undefined && last !== undefined)
      rates.set(key, (Math.max(0, count - last) * 1_000) / elapsedMs);
  }
  return rates;
}

/** `undefined` where several have the same key: calls of one session may have one request id. */
function countsOf({ streams }: StreamsLook): Map<string, number | undefined> {
  const counts = new Map<string, number | undefined>();
  for (const row of streams) {
    const key = keyOf(row);
    counts.set(key, counts.has(key) ? undefined : row.sent.messages + row.received.messages);
  }
  return counts;
}

function keyOf({ requestId, method }: StreamRow): string {
  return `${requestId} ${method}`;
}

/** What the service may still use of how much. */
function windowText({ waiting: { windowBytes, windowLeftBytes } }: StreamRow): string {
  if (windowBytes === undefined || windowLeftBytes === undefined) return '';
  return `${shortSize(windowLeftBytes)}/${shortSize(windowBytes)}`;
}

/** "812", "31.1K", "4.0M". */
function shortSize(bytes: number): string {
  let value = bytes;
  for (const unit of ['', 'K', 'M', 'G']) {
    if (value < 1_000 || unit === 'G') return unit === '' ? String(value) : `${value.toFixed(1)}${unit}`;
    value /= 1_024;
  }
  return '';
}

/** "4.2s", "3m05s", "2h10m". */
export function ageText(ms: number): string {
  const seconds = Math.floor(ms / 1_000);
  if (seconds < 60) return `${(ms / 1_000).toFixed(1)}s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes}m${String(seconds % 60).padStart(2, '0')}s`;
  return `${Math.floor(minutes / 60)}h${String(minutes % 60).padStart(2, '0')}m`;
}
