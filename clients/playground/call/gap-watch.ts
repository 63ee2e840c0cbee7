/** How many ids are remembered, to see one that comes twice. */
const REMEMBERED = 10_000;

/** What the page can prove of a stream that was cut and went on. */
export interface GapReport {
  readonly state: 'cut' | 'resumed';
  /** The id of the last message before the cut. */
  readonly lastBefore: string;
  /** Of the first one after it. */
  readonly firstAfter: string | undefined;
  /** From the cut to that message, in milliseconds. */
  readonly healedMs: number | undefined;
  /** How many ids are missing between them; undefined where ids are not numbers, so that no one can tell. */
  readonly missing: number | undefined;
  /** How many messages came again, since the first cut. */
  readonly twice: number;
  readonly cuts: number;
}

/** Watches the ids of a stream over breaks of its connection. */
export interface GapWatch {
  cut(nowMs: number): void;
  /** A stream goes on after this message of a visit of the page before: as after a cut. */
  goOn(id: string, nowMs: number): void;
  message(id: string, nowMs: number): void;
  /** Undefined as long as nothing was cut. */
  readonly report: GapReport | undefined;
  clear(): void;
}

export function createGapWatch(): GapWatch {
  // In the order in which they came.
  const seen = new Set<string>();
  let last = '';
  let before = '';
  let step: number | undefined;
  let cutAt: number | undefined;
  let report: GapReport | undefined;
  let twice = 0;
  let cuts = 0;

  const cut = (nowMs: number) => {
    cuts += 1;
    cutAt = nowMs;
    report = {
      state: 'cut',
      lastBefore: last,
      firstAfter: undefined,
      healedMs: undefined,
      missing: undefined,
      twice,
      cuts,
    };
  };
  return {
    get report() {
      return report;
    },
    cut,
    goOn(id, nowMs) {
      seen.add(id);
      last = id;
      cut(nowMs);
    },
    message(id, nowMs) {
      if (id === '') return;
      if (seen.has(id)) twice += 1;
      seen.add(id);
      if (seen.size > REMEMBERED)
        for (const oldest of seen) {
          seen.delete(oldest);
          break;
        }
      before = last;
      last = id;
      if (cutAt !== undefined && report !== undefined) {
        const missing = distance(report.lastBefore, id);
        report = {
          ...report,
          state: 'resumed',
          firstAfter: id,
          healedMs: nowMs - cutAt,
          missing: missing === undefined ? undefined : Math.max(0, missing - (step ?? 1)),
        };
        cutAt = undefined;
      } else {
        // Streams that count in other steps than one have no gap after each message.
        step = distance(before, id) ?? step;
      }
      if (report !== undefined && report.twice !== twice) report = { ...report, twice };
    },
    clear() {
      seen.clear();
      last = '';
      before = '';
      step = undefined;
      cutAt = undefined;
      report = undefined;
      twice = 0;
      cuts = 0;
    },
  };
}

/** How far apart two ids are that are numbers, alone or behind the epoch of a journal ("~e.17"); undefined for others. */
function distance(from: string, to: string): number | undefined {
  const pattern = /^(~[^.]*\.)?(\d{1,15})$/;
  const [first, second] = [pattern.exec(from), pattern.exec(to)];
  if (first === null || second === null || first[1] !== second[1]) return undefined;
  return Number(second[2]) - Number(first[2]);
}
