import type { Log, LogRecord } from '../store/index.js';

export interface OrderedWork<Result> {
  readonly log: Log;
  readonly after: number;
  /** How many items in all. */
  readonly count: number;
  /** How many may be in work at the same time, those included that are done and wait for their turn. */
  readonly maxInWork: number;
  readonly work: (record: LogRecord, signal: AbortSignal) => Promise<Result>;
  readonly signal: AbortSignal;
}

/**
 * The results of work on `count` records, in the log's order, waiting for records that do not exist yet. Work on a record begins
 * only while fewer than `maxInWork` have begun and have not been taken, so a reader that stops, stops the work.
 */
export async function* workInOrder<Result>(options: OrderedWork<Result>): AsyncGenerator<Result, void> {
  const { log, count, maxInWork, work, signal } = options;
  const inWork: Promise<Result>[] = [];
  let position = options.after;
  let begun = 0;

  function begin(record: LogRecord): void {
    position = record.sequence;
    begun += 1;
    const result = work(record, signal);
    // It may fail before its turn, or after the reader has left.
    result.catch(() => undefined);
    inWork.push(result);
  }

  while (!signal.aborted) {
    const wanted = Math.min(maxInWork - inWork.length, count - begun);
    if (wanted > 0) for (const record of await log.read(position, wanted)) begin(record);
    const oldest = inWork.shift();
    if (oldest !== undefined) yield await oldest;
    else if (begun === count) return;
    else await appended(log, position, signal);
  }
}

/** Resolves once the log has a record after `sequence`, or when the signal aborts. */
async function appended(log: Log, sequence: number, signal: AbortSignal): Promise<void> {
  for await (const _record of log.follow(sequence, signal)) return;
}
