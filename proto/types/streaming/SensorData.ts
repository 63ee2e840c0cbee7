// Original file: proto/streaming.proto

import type { Timestamp as _google_protobuf_Timestamp, Timestamp__Output as _google_protobuf_Timestamp__Output } from '../google/protobuf/Timestamp.js';

export interface SensorData {
  'sensor_id'?: (string);
  'temperature'?: (number | string);
  'humidity'?: (number | string);
  'pressure'?: (number | string);
  'timestamp'?: (_google_protobuf_Timestamp | null);
}

export interface SensorData__Output {
  'sensor_id': (string);
  'temperature': (number);
  'humidity': (number);
  'pressure': (number);
  'timestamp': (_google_protobuf_Timestamp__Output | null);
}
