// Original file: proto/streaming.proto

import type { Timestamp as _google_protobuf_Timestamp, Timestamp__Output as _google_protobuf_Timestamp__Output } from '../google/protobuf/Timestamp.js';
import type { Long } from '@grpc/proto-loader';

export interface StockPrice {
  'symbol'?: (string);
  'price'?: (number | string);
  'change'?: (number | string);
  'volume'?: (number | string | Long);
  'timestamp'?: (_google_protobuf_Timestamp | null);
}

export interface StockPrice__Output {
  'symbol': (string);
  'price': (number);
  'change': (number);
  'volume': (string);
  'timestamp': (_google_protobuf_Timestamp__Output | null);
}
