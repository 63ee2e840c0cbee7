// Original file: proto/streaming.proto

import type { Timestamp as _google_protobuf_Timestamp, Timestamp__Output as _google_protobuf_Timestamp__Output } from '../google/protobuf/Timestamp.js';
import type { EditOperation as _streaming_EditOperation, EditOperation__Output as _streaming_EditOperation__Output } from '../streaming/EditOperation.js';
import type { FormatRange as _streaming_FormatRange, FormatRange__Output as _streaming_FormatRange__Output } from '../streaming/FormatRange.js';

export interface DocumentUpdate {
  'document_id'?: (string);
  'user_id'?: (string);
  'content'?: (string);
  'active_users'?: (string)[];
  'timestamp'?: (_google_protobuf_Timestamp | null);
  'revision'?: (number);
  'operation'?: (_streaming_EditOperation | null);
  'formats'?: (_streaming_FormatRange)[];
}

export interface DocumentUpdate__Output {
  'document_id': (string);
  'user_id': (string);
  'content': (string);
  'active_users': (string)[];
  'timestamp': (_google_protobuf_Timestamp__Output | null);
  'revision': (number);
  'operation': (_streaming_EditOperation__Output | null);
  'formats': (_streaming_FormatRange__Output)[];
}
