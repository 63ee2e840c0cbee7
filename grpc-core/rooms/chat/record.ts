import type { ChatMessage } from '../../../proto/types/streaming/ChatMessage.js';
import type { Log } from '../../store/index.js';
import { timestampFromMs } from '../../timestamp.js';
import { bytesFromJson, jsonFromBytes } from '../wire/index.js';

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

const PAGE = 100;
// So many comings and goings since the last messages are looked through for history, no more.
const MAX_PAGES = 50;

export function bytesFromRecord(record: ChatRecord): Uint8Array {
  return bytesFromJson(record);
}

export function recordFromLog(entry: {
  readonly sequence: number;
  readonly data: Uint8Array;
}): NumberedChatRecord {
  return { ...jsonFromBytes<ChatRecord>(entry.data), sequence: entry.sequence };
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

/** The last `count` messages among the records up to `last`, oldest first. Looks back at most 5,000 records. */
export async function recentMessages(log: Log, last: number, count: number): Promise<NumberedChatRecord[]> {
  const found: NumberedChatRecord[] = [];
  let end = last;
  for (let page = 0; page < MAX_PAGES && end > 0 && found.length < count; page++) {
    const after = Math.max(0, end - PAGE);
    const records = (await log.read(after, end - after)).map(recordFromLog);
    found.unshift(...records.filter((record) => record.event === 'message'));
    end = after;
  }
  return found.slice(-count);
}
