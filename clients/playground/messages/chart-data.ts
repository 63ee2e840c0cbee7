/** How many points a window has: about as many as a wide chart has pixels. */
const SLOTS = 600;
/** More lines than this cannot be told apart. */
export const MAX_SERIES = 12;
/** How long a window may be, in milliseconds. */
export const WINDOWS_MS = [10_000, 60_000, 600_000] as const;

export type WindowMs = (typeof WINDOWS_MS)[number];

/**
 * The newest values of a field by key, over several windows of time. Each slot of time holds the last value that came in it, so memory and the cost of a
 * drawing are the same whatever the rate is.
 */
export interface ChartData {
  readonly keys: readonly string[];
  /** Keys that came when there were `MAX_SERIES` already, up to a thousand of them. */
  readonly leftOut: number;
  add(key: string, value: number, atMs: number): void;
  /** Columns as uPlot wants them: seconds, then a column for each key; null where nothing came. Ends at `nowMs`. */
  columns(windowMs: WindowMs, nowMs: number): (number | null)[][];
  clear(): void;
}

interface Series {
  /** For each window a ring of values, and to which slot of time each belongs. */
  readonly rings: readonly { readonly values: Float64Array; readonly slots: Float64Array }[];
}

/** The slot of a time in a window: what came in one is one point. */
export function slotOf(atMs: number, windowMs: WindowMs): number {
  return Math.floor((atMs * SLOTS) / windowMs);
}

export function createChartData(): ChartData {
  const series = new Map<string, Series>();
  const others = new Set<string>();

  const newSeries = (): Series => ({
    rings: WINDOWS_MS.map(() => ({
      values: new Float64Array(SLOTS),
      slots: new Float64Array(SLOTS).fill(-1),
    })),
  });
  return {
    get keys() {
      return [...series.keys()];
    },
    get leftOut() {
      return others.size;
    },
    add(key, value, atMs) {
      let one = series.get(key);
      if (one === undefined) {
        if (series.size >= MAX_SERIES) {
          if (others.size < 1_000) others.add(key);
          return;
        }
        one = newSeries();
        series.set(key, one);
      }
      for (const [index, windowMs] of WINDOWS_MS.entries()) {
        const ring = one.rings[index];
        const slot = slotOf(atMs, windowMs);
        if (ring === undefined) continue;
        ring.values[slot % SLOTS] = value;
        ring.slots[slot % SLOTS] = slot;
      }
    },
    columns(windowMs, nowMs) {
      const index = WINDOWS_MS.indexOf(windowMs);
      const last = slotOf(nowMs, windowMs);
      const first = Math.max(0, last - SLOTS + 1);
      const seconds: number[] = [];
      for (let slot = first; slot <= last; slot += 1) seconds.push((slot * windowMs) / SLOTS / 1000);
      const columns: (number | null)[][] = [seconds];
      for (const { rings } of series.values()) {
        const ring = rings[index];
        const column: (number | null)[] = [];
        for (let slot = first; slot <= last; slot += 1) {
          const at = slot % SLOTS;
          column.push(ring?.slots[at] === slot ? (ring.values[at] ?? null) : null);
        }
        columns.push(column);
      }
      return columns;
    },
    clear() {
      series.clear();
      others.clear();
    },
  };
}
