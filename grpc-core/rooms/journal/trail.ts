import type { Log, LogRecord } from '../../store/index.js';

// A record of ours has at most about 200 KiB (an insert of 65,536 code units), so a reader that has stopped holds 1.6 MiB at
// most; `Log.follow` alone would read a hundred ahead.
const READ_AHEAD = 8;

/**
 * `Log.follow` for readers that may be slow: the records after `after`, then each new one, holding at most 8 of them. Ends
 * when `signal` aborts; a store that closes ends it too, or makes it throw.
 */
export async function* trail(
  log: Log,
  after: number,
  signal: AbortSignal,
): AsyncGenerator<LogRecord, void, undefined> {
  let position = after;
  while (!signal.aborted) {
    let records = await log.read(position, READ_AHEAD);
    if (records.length === 0) records = await firstAfter(log, position, signal);
    if (records.length === 0) return;
    for (const record of records) {
      if (signal.aborted) return;
      yield record;
      position = record.sequence;
    }
  }
}

// Leaves the follow before the record is handed on, so that what it has read ahead is not held while the reader waits.
async function firstAfter(log: Log, position: number, signal: AbortSignal): Promise<LogRecord[]> {
  for await (const record of log.follow(position, signal)) return [record];
  return [];
}
