import { status } from '@grpc/grpc-js';
import type { GameAction__Output } from '../../../proto/types/streaming/GameAction.js';
import type { GameState } from '../../../proto/types/streaming/GameState.js';
import { CoreError, timestampFromMs } from '../../base/index.js';
import type { Store } from '../../store/index.js';
import { Journal, type Version } from '../journal/index.js';
import { Progress, type RoomKind } from '../member/index.js';
import { actionFromRequest, gameOf, playerOf } from './action.js';
import { decideAction, type Game, type GameEntry, gameMachine } from './state.js';

/** A reader that is more than so many states behind gets the newest next: a state is a value, the newest says it all. */
export const MAX_STATES_BEHIND = 16;

/**
 * Shared games. Every accepted action, of whoever is in the game, gives everyone in it the state after it, in the same
 * order. A stream is in a game from its first action there; JOIN is the action that does nothing else. A refused action ends
 * only its sender's stream. Half-close: the stream ends with OK after the state of its last action.
 */
export function createGames(store: Store, now: () => number): RoomKind<GameAction__Output, GameState> {
  const journal = new Journal(store, gameMachine);
  return {
    roomField: 'game_id',
    room: (request) => {
      playerOf(request);
      return gameOf(request);
    },
    open: async (gameId, _first, stream) => {
      const from = await journal.current(gameId);
      const progress = new Progress(from.sequence, stream);
      return {
        responses: serve(journal, gameId, from, progress),
        finish: () => progress.finish(),
        leave: async () => undefined,
        accept: async (request) => {
          const player = playerOf(request);
          const action = actionFromRequest(request);
          const { sequence } = await journal.propose(gameId, ({ state }) =>
            decideAction(state, player, action, now()),
          );
          progress.sent(sequence);
        },
      };
    },
  };
}

async function* serve(
  journal: Journal<Game, GameEntry>,
  gameId: string,
  from: Version<Game>,
  progress: Progress,
): AsyncGenerator<GameState, void, undefined> {
  for await (const { sequence, state } of journal.follow(gameId, from, progress.signal, MAX_STATES_BEHIND)) {
    yield messageFromGame(gameId, state);
    progress.delivered(sequence);
    if (progress.signal.aborted) return;
  }
  if (!progress.signal.aborted) throw new CoreError(status.UNAVAILABLE, 'the core is shutting down');
}

function messageFromGame(gameId: string, game: Game): GameState {
  const players = [...game.players].map(([id, player]) => [id, { player_id: id, ...player }] as const);
  return {
    players: Object.fromEntries(players),
    game_status: game.status,
    timestamp: timestampFromMs(game.at),
    revision: String(game.revision),
    game_id: gameId,
  };
}
