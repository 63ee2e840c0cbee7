import type { ChatMessage__Output } from '../../../proto/types/streaming/ChatMessage.js';
import { invalid } from '../../base/index.js';
import { assertName } from '../wire/index.js';

/** The longest message, in bytes of UTF-8; more is INVALID_ARGUMENT. A member's history is at most 50 of them. */
export const MAX_MESSAGE_BYTES = 65_536;

/** Refuses a message that cannot be meant, naming the field. */
export function assertChatMessage(message: ChatMessage__Output): void {
  assertName('user_id', message.user_id);
  assertName('room_id', message.room_id);
  if (message.event !== 'CHAT_EVENT_MESSAGE') {
    throw invalid('event', 'clients send only CHAT_EVENT_MESSAGE, the default');
  }
  if (Buffer.byteLength(message.message) > MAX_MESSAGE_BYTES) {
    throw invalid('message', `must not be longer than ${MAX_MESSAGE_BYTES} bytes`);
  }
}
