// Original file: proto/sluice/v1/options.proto


export interface FileRule {
  'data'?: (string);
}

export interface FileRule__Output {
  'data': (string);
}
