// Original file: proto/streaming.proto


export interface StockQuoteRequest {
  'symbol'?: (string);
}

export interface StockQuoteRequest__Output {
  'symbol': (string);
}
