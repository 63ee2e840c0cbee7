// Original file: proto/streaming.proto

import type { Timestamp as _google_protobuf_Timestamp, Timestamp__Output as _google_protobuf_Timestamp__Output } from '../google/protobuf/Timestamp.js';
import type { ChatEvent as _streaming_ChatEvent, ChatEvent__Output as _streaming_ChatEvent__Output } from '../streaming/ChatEvent.js';
import type { Long } from '@grpc/proto-loader';

export interface ChatMessage {
  'user_id'?: (string);
  'room_id'?: (string);
  'message'?: (string);
  'timestamp'?: (_google_protobuf_Timestamp | null);
  'event'?: (_streaming_ChatEvent);
  'sequence'?: (number | string | Long);
  'active_users'?: (string)[];
}

export interface ChatMessage__Output {
  'user_id': (string);
  'room_id': (string);
  'message': (string);
  'timestamp': (_google_protobuf_Timestamp__Output | null);
  'event': (_streaming_ChatEvent__Output);
  'sequence': (string);
  'active_users': (string)[];
}
