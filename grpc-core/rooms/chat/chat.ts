import { status } from '@grpc/grpc-js';
import type { ChatMessage, ChatMessage__Output } from '../../../proto/types/streaming/ChatMessage.js';
import { CoreError, invalid } from '../../base/index.js';
import { type Log, logName, type Store } from '../../store/index.js';
import { trail } from '../journal/index.js';
import { type Member, Progress, type RoomKind } from '../member/index.js';
import { type Heartbeat, Presence, type PresenceChange } from '../presence/index.js';
import { assertChatMessage } from './chat-request.js';
import { bytesFromRecord, messageFromRecord, recentMessages, recordFromLog } from './record.js';

/** Messages that one who joins gets from before. */
export const HISTORY_MESSAGES = 50;

/**
 * A room is a log: messages, joinings and leavings in one order, numbered by it. Every member follows the log at its own
 * pace, so a slow member costs what `trail` reads ahead and delays nobody.
 *
 * - The first message to a room joins it; an empty `message` only joins, and is not sent on.
 * - Who joins gets the last 50 messages as history, then everything after them, each once. It does not get its own joining.
 * - Half-close: the member leaves after everything it had sent has come back to it, and the call ends with OK.
 */
export function createChat(
  store: Store,
  heartbeat: Heartbeat,
  now: () => number,
): RoomKind<ChatMessage__Output, ChatMessage> {
  const logOf = (room: string): Log => store.log(logName(`chat.${room}`));

  const announce = async (room: string, change: PresenceChange): Promise<void> => {
    const { users } = change;
    for (const user of change.left) {
      await logOf(room).append(bytesFromRecord({ event: 'left', user, at: now(), users }));
    }
    for (const user of change.joined) {
      await logOf(room).append(bytesFromRecord({ event: 'joined', user, at: now(), users }));
    }
  };
  const presence = new Presence(store, 'chat', heartbeat.leases, announce);
  heartbeat.watch(presence);

  const open = async (
    room: string,
    first: ChatMessage__Output,
    stream: AbortSignal,
  ): Promise<Member<ChatMessage__Output, ChatMessage>> => {
    const user = first.user_id;
    await heartbeat.start();
    await presence.join(room, user);
    const log = logOf(room);
    // Whatever is in the log now is history or the member's own joining; whatever comes later is live.
    const joinedAt = await log.last().catch(async (error: unknown) => {
      await presence.leave(room, user);
      throw error;
    });
    const progress = new Progress(joinedAt, stream);
    return {
      responses: serve(room, log, joinedAt, progress),
      finish: () => progress.finish(),
      leave: () => presence.leave(room, user),
      accept: async (message) => {
        if (message.user_id !== user)
          throw invalid('user_id', 'must stay the same in a room; open another stream');
        if (message.message === '') return;
        const record = bytesFromRecord({ event: 'message', user, at: now(), message: message.message });
        progress.sent(await log.append(record));
      },
    };
  };

  return {
    roomField: 'room_id',
    room: (message) => {
      assertChatMessage(message);
      return message.room_id;
    },
    open,
  };
}

async function* serve(
  room: string,
  log: Log,
  joinedAt: number,
  progress: Progress,
): AsyncGenerator<ChatMessage, void, undefined> {
  for await (const record of recentMessages(log, joinedAt, HISTORY_MESSAGES)) {
    yield messageFromRecord(room, record, true);
  }
  for await (const entry of trail(log, joinedAt, progress.signal)) {
    yield messageFromRecord(room, recordFromLog(entry), false);
    progress.delivered(entry.sequence);
    if (progress.signal.aborted) return;
  }
  if (!progress.signal.aborted) throw new CoreError(status.UNAVAILABLE, 'the core is shutting down');
}
