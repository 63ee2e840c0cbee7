// Original file: proto/streaming.proto


export interface BatchResult {
  'processed_count'?: (number);
  'success_count'?: (number);
  'failed_count'?: (number);
  'failed_ids'?: (string)[];
}

export interface BatchResult__Output {
  'processed_count': (number);
  'success_count': (number);
  'failed_count': (number);
  'failed_ids': (string)[];
}
