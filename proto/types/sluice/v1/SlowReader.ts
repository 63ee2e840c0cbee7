// Original file: proto/sluice/v1/options.proto


// Original file: proto/sluice/v1/options.proto

export const _sluice_v1_SlowReader_Policy = {
  POLICY_UNSPECIFIED: 'POLICY_UNSPECIFIED',
  PAUSE: 'PAUSE',
  CONFLATE: 'CONFLATE',
  DROP_OLDEST: 'DROP_OLDEST',
  DISCONNECT: 'DISCONNECT',
} as const;

export type _sluice_v1_SlowReader_Policy =
  | 'POLICY_UNSPECIFIED'
  | 0
  | 'PAUSE'
  | 1
  | 'CONFLATE'
  | 2
  | 'DROP_OLDEST'
  | 3
  | 'DISCONNECT'
  | 4

export type _sluice_v1_SlowReader_Policy__Output = typeof _sluice_v1_SlowReader_Policy[keyof typeof _sluice_v1_SlowReader_Policy]

export interface SlowReader {
  'policy'?: (_sluice_v1_SlowReader_Policy);
  'key'?: (string);
  'max_messages'?: (number);
  'after_ms'?: (number);
}

export interface SlowReader__Output {
  'policy': (_sluice_v1_SlowReader_Policy__Output);
  'key': (string);
  'max_messages': (number);
  'after_ms': (number);
}
