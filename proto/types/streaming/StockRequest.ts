// Original file: proto/streaming.proto


export interface StockRequest {
  'symbols'?: (string)[];
  'interval_seconds'?: (number);
}

export interface StockRequest__Output {
  'symbols': (string)[];
  'interval_seconds': (number);
}
