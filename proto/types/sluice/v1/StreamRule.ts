// Original file: proto/sluice/v1/options.proto

import type { SlowReader as _sluice_v1_SlowReader, SlowReader__Output as _sluice_v1_SlowReader__Output } from '../../sluice/v1/SlowReader.js';

export interface StreamRule {
  'cursor'?: (string);
  'resume'?: (string);
  'slow_reader'?: (_sluice_v1_SlowReader | null);
}

export interface StreamRule__Output {
  'cursor': (string);
  'resume': (string);
  'slow_reader': (_sluice_v1_SlowReader__Output | null);
}
