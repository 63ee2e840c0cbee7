// Original file: proto/streaming.proto

import type { Timestamp as _google_protobuf_Timestamp, Timestamp__Output as _google_protobuf_Timestamp__Output } from '../google/protobuf/Timestamp.js';
import type { Long } from '@grpc/proto-loader';

export interface UploadResult {
  'file_id'?: (string);
  'total_bytes'?: (number | string | Long);
  'checksum'?: (string);
  'uploaded_at'?: (_google_protobuf_Timestamp | null);
}

export interface UploadResult__Output {
  'file_id': (string);
  'total_bytes': (string);
  'checksum': (string);
  'uploaded_at': (_google_protobuf_Timestamp__Output | null);
}
