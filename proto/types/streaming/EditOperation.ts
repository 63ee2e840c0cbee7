// Original file: proto/streaming.proto


export interface EditOperation {
  'user_id'?: (string);
  'document_id'?: (string);
  'operation_type'?: (string);
  'position'?: (number);
  'content'?: (string);
  'base_revision'?: (number);
  'operation_id'?: (string);
  'length'?: (number);
  '_base_revision'?: "base_revision";
}

export interface EditOperation__Output {
  'user_id': (string);
  'document_id': (string);
  'operation_type': (string);
  'position': (number);
  'content': (string);
  'base_revision'?: (number);
  'operation_id': (string);
  'length': (number);
  '_base_revision'?: "base_revision";
}
