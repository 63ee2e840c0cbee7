// Original file: proto/streaming.proto

export const ChatEvent = {
  CHAT_EVENT_MESSAGE: 'CHAT_EVENT_MESSAGE',
  CHAT_EVENT_JOINED: 'CHAT_EVENT_JOINED',
  CHAT_EVENT_LEFT: 'CHAT_EVENT_LEFT',
  CHAT_EVENT_HISTORY: 'CHAT_EVENT_HISTORY',
} as const;

export type ChatEvent =
  | 'CHAT_EVENT_MESSAGE'
  | 0
  | 'CHAT_EVENT_JOINED'
  | 1
  | 'CHAT_EVENT_LEFT'
  | 2
  | 'CHAT_EVENT_HISTORY'
  | 3

export type ChatEvent__Output = typeof ChatEvent[keyof typeof ChatEvent]
