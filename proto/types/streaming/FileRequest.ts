// Original file: proto/streaming.proto


export interface FileRequest {
  'file_path'?: (string);
  'chunk_size'?: (number);
}

export interface FileRequest__Output {
  'file_path': (string);
  'chunk_size': (number);
}
