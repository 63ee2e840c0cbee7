// Original file: proto/streaming.proto


export interface LogRequest {
  'service'?: (string);
  'level'?: (string);
  'follow'?: (boolean);
}

export interface LogRequest__Output {
  'service': (string);
  'level': (string);
  'follow': (boolean);
}
