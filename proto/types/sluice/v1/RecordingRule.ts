// Original file: proto/sluice/v1/options.proto

import type { Long } from '@grpc/proto-loader';

// Original file: proto/sluice/v1/options.proto

export const _sluice_v1_RecordingRule_Sharing = {
  SHARING_UNSPECIFIED: 'SHARING_UNSPECIFIED',
  NONE: 'NONE',
  PRINCIPAL: 'PRINCIPAL',
  EVERYONE: 'EVERYONE',
} as const;

export type _sluice_v1_RecordingRule_Sharing =
  | 'SHARING_UNSPECIFIED'
  | 0
  | 'NONE'
  | 1
  | 'PRINCIPAL'
  | 2
  | 'EVERYONE'
  | 3

export type _sluice_v1_RecordingRule_Sharing__Output = typeof _sluice_v1_RecordingRule_Sharing[keyof typeof _sluice_v1_RecordingRule_Sharing]

// Original file: proto/sluice/v1/options.proto

export const _sluice_v1_RecordingRule_Start = {
  START_UNSPECIFIED: 'START_UNSPECIFIED',
  NOW: 'NOW',
  LAST: 'LAST',
  SNAPSHOT: 'SNAPSHOT',
  BEGINNING: 'BEGINNING',
} as const;

export type _sluice_v1_RecordingRule_Start =
  | 'START_UNSPECIFIED'
  | 0
  | 'NOW'
  | 1
  | 'LAST'
  | 2
  | 'SNAPSHOT'
  | 3
  | 'BEGINNING'
  | 4

export type _sluice_v1_RecordingRule_Start__Output = typeof _sluice_v1_RecordingRule_Start[keyof typeof _sluice_v1_RecordingRule_Start]

// Original file: proto/sluice/v1/options.proto

export const _sluice_v1_RecordingRule_WhenFull = {
  WHEN_FULL_UNSPECIFIED: 'WHEN_FULL_UNSPECIFIED',
  FORGET_OLDEST: 'FORGET_OLDEST',
  PAUSE: 'PAUSE',
} as const;

export type _sluice_v1_RecordingRule_WhenFull =
  | 'WHEN_FULL_UNSPECIFIED'
  | 0
  | 'FORGET_OLDEST'
  | 1
  | 'PAUSE'
  | 2

export type _sluice_v1_RecordingRule_WhenFull__Output = typeof _sluice_v1_RecordingRule_WhenFull[keyof typeof _sluice_v1_RecordingRule_WhenFull]

export interface RecordingRule {
  'sharing'?: (_sluice_v1_RecordingRule_Sharing);
  'max_messages'?: (number);
  'max_bytes'?: (number | string | Long);
  'max_age_ms'?: (number);
  'when_full'?: (_sluice_v1_RecordingRule_WhenFull);
  'start'?: (_sluice_v1_RecordingRule_Start);
  'last'?: (number);
  'key'?: (string);
  'linger_ms'?: (number);
  'detach'?: (boolean);
  'key_metadata'?: (string)[];
  'detach_max_age_ms'?: (number);
  'detach_max_silence_ms'?: (number);
}

export interface RecordingRule__Output {
  'sharing': (_sluice_v1_RecordingRule_Sharing__Output);
  'max_messages': (number);
  'max_bytes': (string);
  'max_age_ms': (number);
  'when_full': (_sluice_v1_RecordingRule_WhenFull__Output);
  'start': (_sluice_v1_RecordingRule_Start__Output);
  'last': (number);
  'key': (string);
  'linger_ms': (number);
  'detach': (boolean);
  'key_metadata': (string)[];
  'detach_max_age_ms': (number);
  'detach_max_silence_ms': (number);
}
