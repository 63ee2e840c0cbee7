import type { StreamingServiceDefinition } from '../../proto/types/streaming/StreamingService.js';
import { invalid } from '../base/index.js';
import { type HandlersOf, singleRequest } from '../rpc/index.js';
import type { Log } from '../store/index.js';
import { entryFromBytes, LEVELS, type Level, messageFromEntry, type StoredEntry } from './entry.js';
import { droppedEntry } from './log-writer.js';

/** So many matching entries come before the new ones. */
const PAST_ENTRIES = 10;
/** Looks for them among so many of the newest, reading so many at a time. */
const MAX_LOOKED_AT = 10_000;
const WINDOW = 100;
const MAX_SERVICE_LENGTH = 256;

type Matches = (entry: StoredEntry) => boolean;

/**
 * StreamLogs. A follower reads from the store as fast as it takes the entries, so a slow one holds no memory; if the store's
 * retention overtakes it, an entry tells how many it missed.
 */
export function logHandlers(log: Log): Required<Pick<HandlersOf<StreamingServiceDefinition>, 'StreamLogs'>> {
  return {
    async *StreamLogs(requests, { signal }) {
      const request = await singleRequest(requests);
      const matches = matcherOf(request.service, minimumOf(request.level));
      const newest = await log.last();
      for (const entry of await lastMatching(log, newest, matches)) yield messageFromEntry(entry);
      if (!request.follow) return;
      let position = newest;
      for await (const record of log.follow(newest, signal)) {
        const missed = record.sequence - position - 1;
        if (missed > 0) yield messageFromEntry(droppedEntry(missed, Date.now()));
        position = record.sequence;
        const entry = entryFromBytes(record.data);
        if (entry !== undefined && matches(entry)) yield messageFromEntry(entry);
      }
    },
  };
}

function minimumOf(level: string): number {
  if (level === '') return 0;
  const minimum = LEVELS.indexOf(level.toUpperCase() as Level);
  if (minimum < 0) throw invalid('level', `must be one of ${LEVELS.join(', ')}, or empty for all`);
  return minimum;
}

function matcherOf(service: string, minimum: number): Matches {
  if (service.length > MAX_SERVICE_LENGTH)
    throw invalid('service', `at most ${MAX_SERVICE_LENGTH} characters`);
  return (entry) => LEVELS.indexOf(entry.level) >= minimum && (service === '' || entry.service === service);
}

/** The last matching entries up to `newest`, oldest first. */
async function lastMatching(log: Log, newest: number, matches: Matches): Promise<StoredEntry[]> {
  let found: StoredEntry[] = [];
  const stop = Math.max(0, newest - MAX_LOOKED_AT);
  for (let end = newest; end > stop && found.length < PAST_ENTRIES; end -= WINDOW) {
    const records = await log.read(Math.max(0, end - WINDOW), WINDOW);
    const entries = records
      // Where older records are gone, a read gives later ones instead.
      .filter((record) => record.sequence > end - WINDOW && record.sequence <= end)
      .map((record) => entryFromBytes(record.data))
      .filter((entry) => entry !== undefined)
      .filter(matches);
    found = [...entries, ...found];
  }
  return found.slice(-PAST_ENTRIES);
}
