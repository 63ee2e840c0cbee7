// Original file: proto/streaming.proto


export interface PlayerState {
  'player_id'?: (string);
  'health'?: (number);
  'score'?: (number);
  'position'?: (string);
}

export interface PlayerState__Output {
  'player_id': (string);
  'health': (number);
  'score': (number);
  'position': (string);
}
