export { createChat, HISTORY_MESSAGES } from './chat.js';
export { MAX_MESSAGE_BYTES } from './chat-request.js';
