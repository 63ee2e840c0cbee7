// Original file: proto/streaming.proto


export interface StreamRequest {
  'start_from_id'?: (number);
}

export interface StreamRequest__Output {
  'start_from_id': (number);
}
