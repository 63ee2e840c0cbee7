// Original file: proto/streaming.proto

import type { Timestamp as _google_protobuf_Timestamp, Timestamp__Output as _google_protobuf_Timestamp__Output } from '../google/protobuf/Timestamp.js';

export interface SensorSummary {
  'total_readings'?: (number);
  'avg_temperature'?: (number | string);
  'avg_humidity'?: (number | string);
  'avg_pressure'?: (number | string);
  'start_time'?: (_google_protobuf_Timestamp | null);
  'end_time'?: (_google_protobuf_Timestamp | null);
}

export interface SensorSummary__Output {
  'total_readings': (number);
  'avg_temperature': (number);
  'avg_humidity': (number);
  'avg_pressure': (number);
  'start_time': (_google_protobuf_Timestamp__Output | null);
  'end_time': (_google_protobuf_Timestamp__Output | null);
}
