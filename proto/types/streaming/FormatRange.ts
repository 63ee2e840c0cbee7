// Original file: proto/streaming.proto


export interface FormatRange {
  'position'?: (number);
  'length'?: (number);
  'format'?: (string);
}

export interface FormatRange__Output {
  'position': (number);
  'length': (number);
  'format': (string);
}
