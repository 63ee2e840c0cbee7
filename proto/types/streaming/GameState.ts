// Original file: proto/streaming.proto

import type { PlayerState as _streaming_PlayerState, PlayerState__Output as _streaming_PlayerState__Output } from '../streaming/PlayerState.js';
import type { Timestamp as _google_protobuf_Timestamp, Timestamp__Output as _google_protobuf_Timestamp__Output } from '../google/protobuf/Timestamp.js';
import type { Long } from '@grpc/proto-loader';

export interface GameState {
  'players'?: ({[key: string]: _streaming_PlayerState});
  'game_status'?: (string);
  'timestamp'?: (_google_protobuf_Timestamp | null);
  'revision'?: (number | string | Long);
  'game_id'?: (string);
}

export interface GameState__Output {
  'players': ({[key: string]: _streaming_PlayerState__Output});
  'game_status': (string);
  'timestamp': (_google_protobuf_Timestamp__Output | null);
  'revision': (string);
  'game_id': (string);
}
