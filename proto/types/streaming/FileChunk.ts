// Original file: proto/streaming.proto


export interface FileChunk {
  'data'?: (Buffer | Uint8Array | string);
  'chunk_number'?: (number);
  'is_last'?: (boolean);
  'file_path'?: (string);
}

export interface FileChunk__Output {
  'data': (Buffer);
  'chunk_number': (number);
  'is_last': (boolean);
  'file_path': (string);
}
