// Original file: proto/sluice/v1/annotations.proto


export interface StreamRule {
  'cursor'?: (string);
  'resume'?: (string);
}

export interface StreamRule__Output {
  'cursor': (string);
  'resume': (string);
}
