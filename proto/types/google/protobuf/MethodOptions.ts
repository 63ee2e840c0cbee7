// Original file: null

import type { FeatureSet as _google_protobuf_FeatureSet, FeatureSet__Output as _google_protobuf_FeatureSet__Output } from '../../google/protobuf/FeatureSet.js';
import type { UninterpretedOption as _google_protobuf_UninterpretedOption, UninterpretedOption__Output as _google_protobuf_UninterpretedOption__Output } from '../../google/protobuf/UninterpretedOption.js';
import type { StreamRule as _sluice_v1_StreamRule, StreamRule__Output as _sluice_v1_StreamRule__Output } from '../../sluice/v1/StreamRule.js';
import type { FileRule as _sluice_v1_FileRule, FileRule__Output as _sluice_v1_FileRule__Output } from '../../sluice/v1/FileRule.js';
import type { RecordingRule as _sluice_v1_RecordingRule, RecordingRule__Output as _sluice_v1_RecordingRule__Output } from '../../sluice/v1/RecordingRule.js';
import type { AccessRule as _sluice_v1_AccessRule, AccessRule__Output as _sluice_v1_AccessRule__Output } from '../../sluice/v1/AccessRule.js';
import type { HttpRule as _google_api_HttpRule, HttpRule__Output as _google_api_HttpRule__Output } from '../../google/api/HttpRule.js';

// Original file: null

export const _google_protobuf_MethodOptions_IdempotencyLevel = {
  IDEMPOTENCY_UNKNOWN: 'IDEMPOTENCY_UNKNOWN',
  NO_SIDE_EFFECTS: 'NO_SIDE_EFFECTS',
  IDEMPOTENT: 'IDEMPOTENT',
} as const;

export type _google_protobuf_MethodOptions_IdempotencyLevel =
  | 'IDEMPOTENCY_UNKNOWN'
  | 0
  | 'NO_SIDE_EFFECTS'
  | 1
  | 'IDEMPOTENT'
  | 2

export type _google_protobuf_MethodOptions_IdempotencyLevel__Output = typeof _google_protobuf_MethodOptions_IdempotencyLevel[keyof typeof _google_protobuf_MethodOptions_IdempotencyLevel]

export interface MethodOptions {
  'deprecated'?: (boolean);
  'idempotencyLevel'?: (_google_protobuf_MethodOptions_IdempotencyLevel);
  'features'?: (_google_protobuf_FeatureSet | null);
  'uninterpretedOption'?: (_google_protobuf_UninterpretedOption)[];
  '.sluice.v1.stream'?: (_sluice_v1_StreamRule | null);
  '.sluice.v1.file'?: (_sluice_v1_FileRule | null);
  '.sluice.v1.recording'?: (_sluice_v1_RecordingRule | null);
  '.sluice.v1.access'?: (_sluice_v1_AccessRule | null);
  '.sluice.v1.example'?: (string);
  '.google.api.http'?: (_google_api_HttpRule | null);
}

export interface MethodOptions__Output {
  'deprecated': (boolean);
  'idempotencyLevel': (_google_protobuf_MethodOptions_IdempotencyLevel__Output);
  'features': (_google_protobuf_FeatureSet__Output | null);
  'uninterpretedOption': (_google_protobuf_UninterpretedOption__Output)[];
  '.sluice.v1.stream': (_sluice_v1_StreamRule__Output | null);
  '.sluice.v1.file': (_sluice_v1_FileRule__Output | null);
  '.sluice.v1.recording': (_sluice_v1_RecordingRule__Output | null);
  '.sluice.v1.access': (_sluice_v1_AccessRule__Output | null);
  '.sluice.v1.example': (string);
  '.google.api.http': (_google_api_HttpRule__Output | null);
}
