import type { ChatMessage } from '../../../proto/types/streaming/ChatMessage.js';
import { timestampFromMs } from '../../base/index.js';
import type { Log } from '../../store/index.js';
import { bytesFromJson, sharedJsonFromBytes } from '../wire/index.js';

/** What a room's log holds. Joining and leaving stand in the same log as messages, so everyone sees one order of all. */
export interface ChatRecord {
  readonly event: 'message' | 'joined' | 'left';
  readonly user: string;
  /** Epoch milliseconds of the core's clock. */
  readonly at: number;
  readonly message?: string;
  readonly users?: readonly string[];
}

/** A record and its number in the room. */
export interface NumberedChatRecord extends ChatRecord {
  readonly sequence: number;
}

const READ_AHEAD = 8;
const PAGE = 32;
// So many pages of comings and goings since the last messages are looked through for history, no more.
const MAX_PAGES = 150;

export function bytesFromRecord(record: ChatRecord): Uint8Array {
  return bytesFromJson(record);
}

export function recordFromLog(entry: {
  readonly sequence: number;
  readonly data: Uint8Array;
}): NumberedChatRecord {
  return { ...sharedJsonFromBytes<ChatRecord>(entry.data), sequence: entry.sequence };
}

const EVENTS = {
  message: 'CHAT_EVENT_MESSAGE',
  joined: 'CHAT_EVENT_JOINED',
  left: 'CHAT_EVENT_LEFT',
} as const;

/** The record as members get it, live or as history. */
export function messageFromRecord(room: string, record: NumberedChatRecord, history: boolean): ChatMessage {
  return {
    user_id: record.user,
    room_id: room,
    message: record.message ?? '',
    timestamp: timestampFromMs(record.at),
    event: history ? 'CHAT_EVENT_HISTORY' : EVENTS[record.event],
    sequence: String(record.sequence),
    active_users: [...(record.users ?? [])],
  };
}

/**
 * The last `count` messages among the records up to `last`, oldest first. Looks back at most 4,800 records. Notes where the
 * messages are and reads them again as they are asked for, so a slow reader holds 8 records and not the whole history.
 */
export async function* recentMessages(
  log: Log,
  last: number,
  count: number,
): AsyncGenerator<NumberedChatRecord, void, undefined> {
  let after = await beforeRecent(log, last, count);
  while (after < last) {
    const records = await log.read(after, Math.min(READ_AHEAD, last - after));
    if (records.length === 0) return;
    for (const entry of records) {
      const record = recordFromLog(entry);
      if (record.event === 'message') yield record;
      after = entry.sequence;
    }
  }
}

// The sequence number after which exactly the last `count` messages stand.
async function beforeRecent(log: Log, last: number, count: number): Promise<number> {
  let end = last;
  let missing = count;
  for (let page = 0; page < MAX_PAGES && end > 0; page++) {
    const after = Math.max(0, end - PAGE);
    const records = (await log.read(after, end - after)).map(recordFromLog);
    for (const record of records.reverse()) {
      if (record.event === 'message') missing--;
      if (missing === 0) return record.sequence - 1;
    }
    end = after;
  }
  return end;
}
