// Original file: proto/streaming.proto


export interface BatchItem {
  'id'?: (string);
  'type'?: (string);
  'data'?: (Buffer | Uint8Array | string);
}

export interface BatchItem__Output {
  'id': (string);
  'type': (string);
  'data': (Buffer);
}
