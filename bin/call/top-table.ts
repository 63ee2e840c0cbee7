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
  readonly isText?: true;
  readonly text: (row: StreamRow, rate: number | undefined) => string;
}

/** From left to right; what does not fit is cut at the right. */
const COLUMNS: readonly Column[] = [
  { head: 'METHOD', isText: true, text: ({ method }) => escaped(method.slice(method.lastIndexOf('.') + 1)) },
  { head: 'SURFACE', isText: true, text: ({ surface }) => escaped(surface) },
  { head: 'CLIENT', isText: true, text: ({ peer, principal }) => escaped(principal ?? peer) },
  { head: 'AGE', text: ({ ageMs }) => ageText(ageMs) },
  { head: 'MSG/S', text: (_, rate) => (rate === undefined ? '' : rate.toFixed(rate < 10 ? 1 : 0)) },
  { head: 'SENT', text: ({ sent }) => String(sent.messages) },
  { head: 'BYTES', text: ({ sent }) => shortSize(sent.bytes) },
  { head: 'GATEWAY', text: ({ waiting }) => shortSize(waiting.gatewayBytes) },
  {
    head: 'SOCKET',
    text: ({ waiting }) => (waiting.socketBytes === undefined ? '' : shortSize(waiting.socketBytes)),
  },
  { head: 'WINDOW', text: windowText },
  { head: 'CREDIT', text: ({ credit }) => (credit === undefined ? '' : String(credit.messages)) },
  { head: 'DROPPED', text: ({ dropped }) => (dropped === 0 ? '' : String(dropped)) },
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
  const cells = shown.map((row) => COLUMNS.map(({ text }) => text(row, rates?.get(keyOf(row)))));
  const widths = COLUMNS.map(({ head }, index) =>
    Math.max(head.length, ...cells.map((row) => (row[index] as string).length)),
  );
  const line = (texts: readonly string[]) =>
    texts
      .map((text, index) =>
        COLUMNS[index]?.isText
          ? text.padEnd(widths[index] as number)
          : text.padStart(widths[index] as number),
      )
      .join('  ')
      .trimEnd()
      .slice(0, columns);
  const stalled = look.streams.filter((row) => row.stalled !== undefined).length;
  const summary = `${look.open} open${stalled > 0 ? `, ${stalled} stalled` : ''}${shown.length < look.open ? `, ${shown.length} shown` : ''}`;
  return [summary.slice(0, columns), line(COLUMNS.map(({ head }) => head)), ...cells.map(line)];
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
function ageText(ms: number): string {
  const seconds = Math.floor(ms / 1_000);
  if (seconds < 60) return `${(ms / 1_000).toFixed(1)}s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes}m${String(seconds % 60).padStart(2, '0')}s`;
  return `${Math.floor(minutes / 60)}h${String(minutes % 60).padStart(2, '0')}m`;
}
