// Original file: proto/streaming.proto


export interface GameAction {
  'player_id'?: (string);
  'action_type'?: (string);
  'parameters'?: ({[key: string]: string});
  'game_id'?: (string);
}

export interface GameAction__Output {
  'player_id': (string);
  'action_type': (string);
  'parameters': ({[key: string]: string});
  'game_id': (string);
}
