// Original file: proto/streaming.proto


export interface StreamData {
  'id'?: (number);
  'data'?: (string);
}

export interface StreamData__Output {
  'id': (number);
  'data': (string);
}
