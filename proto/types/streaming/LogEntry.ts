// Original file: proto/streaming.proto

import type { Timestamp as _google_protobuf_Timestamp, Timestamp__Output as _google_protobuf_Timestamp__Output } from '../google/protobuf/Timestamp.js';

export interface LogEntry {
  'service'?: (string);
  'level'?: (string);
  'message'?: (string);
  'timestamp'?: (_google_protobuf_Timestamp | null);
  'metadata'?: ({[key: string]: string});
}

export interface LogEntry__Output {
  'service': (string);
  'level': (string);
  'message': (string);
  'timestamp': (_google_protobuf_Timestamp__Output | null);
  'metadata': ({[key: string]: string});
}
