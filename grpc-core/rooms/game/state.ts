import { status } from '@grpc/grpc-js';
import { CoreError } from '../../base/index.js';
import type { Machine } from '../journal/index.js';
import type { Action } from './action.js';

/** Players in one game; more fail with RESOURCE_EXHAUSTED, for every state names all of them. */
export const MAX_PLAYERS = 256;

export type GameStatus = 'ONGOING' | 'PAUSED' | 'FINISHED';

export interface Player {
  readonly health: number;
  readonly score: number;
  readonly position: string;
}

export interface Game {
  readonly status: GameStatus;
  readonly players: ReadonlyMap<string, Player>;
  /** Actions that changed the game. */
  readonly revision: number;
  /** Epoch milliseconds of the last action. */
  readonly at: number;
}

/** What an action did: the players it changed, whole, and the status after it. Empty `players`: the status only. */
export interface GameEntry {
  readonly status: GameStatus;
  readonly players: readonly (readonly [id: string, player: Player])[];
  /** False: everyone is told, but nothing is different. */
  readonly changed: boolean;
  readonly at: number;
}

const NEWCOMER: Player = { health: 100, score: 0, position: '0,0' };
const STATUS_AFTER: Partial<Record<Action['kind'], GameStatus>> = {
  PAUSE: 'PAUSED',
  RESUME: 'ONGOING',
  FINISH: 'FINISHED',
};

/** The game as a machine for the journal. */
export const gameMachine: Machine<Game, GameEntry> = {
  kind: 'game',
  initial: { status: 'ONGOING', players: new Map(), revision: 0, at: 0 },
  apply: (game, entry) => ({
    status: entry.status,
    players: entry.players.length === 0 ? game.players : new Map([...game.players, ...entry.players]),
    revision: game.revision + (entry.changed ? 1 : 0),
    at: entry.at,
  }),
  plainFromState: (game) => ({ ...game, players: [...game.players] }),
  stateFromPlain: (plain) => {
    const game = plain as Omit<Game, 'players'> & { players: [string, Player][] };
    return { ...game, players: new Map(game.players) };
  },
};

/**
 * What an action does to a game. Rules:
 *
 * | action | ONGOING | PAUSED | FINISHED |
 * |---|---|---|---|
 * | JOIN | a new player: health 100, score 0, position "0,0" | the same | only looks |
 * | MOVE, ATTACK, DEFEND | position; score +10; health +5 up to 100 | refused | refused |
 * | PAUSE | PAUSED | no change | refused |
 * | RESUME | no change | ONGOING | ONGOING: the game is opened again |
 * | FINISH | FINISHED | FINISHED | no change |
 *
 * Who acts joins by it, if the game is not finished. ATTACK with the parameter `target`, a player of the game other than the
 * attacker, takes 10 of that player's health, down to 0; any other target is a miss. Refused: FAILED_PRECONDITION.
 */
export function decideAction(game: Game, playerId: string, action: Action, at: number): GameEntry {
  assertAllowed(game.status, action.kind);
  const status = STATUS_AFTER[action.kind] ?? game.status;
  const players = new Map<string, Player>();
  const known = game.players.get(playerId);
  if (game.status !== 'FINISHED') {
    if (known === undefined && game.players.size >= MAX_PLAYERS) throw full();
    const player = act(known ?? NEWCOMER, action);
    if (known === undefined || !samePlayer(known, player)) players.set(playerId, player);
  }
  if (action.kind === 'ATTACK' && action.target !== undefined && action.target !== playerId) {
    const target = game.players.get(action.target);
    if (target !== undefined && target.health > 0) {
      players.set(action.target, { ...target, health: Math.max(0, target.health - 10) });
    }
  }
  return { status, players: [...players], changed: players.size > 0 || status !== game.status, at };
}

function act(player: Player, action: Action): Player {
  switch (action.kind) {
    case 'MOVE':
      return { ...player, position: action.position(player.position) };
    case 'ATTACK':
      // int32 on the wire.
      return { ...player, score: Math.min(2_147_483_647, player.score + 10) };
    case 'DEFEND':
      return { ...player, health: Math.min(100, player.health + 5) };
    default:
      return player;
  }
}

function assertAllowed(now: GameStatus, kind: Action['kind']): void {
  const playing = kind === 'MOVE' || kind === 'ATTACK' || kind === 'DEFEND';
  if (now === 'PAUSED' && playing) throw refused(kind, 'the game is PAUSED; RESUME it first');
  if (now === 'FINISHED' && (playing || kind === 'PAUSE')) {
    throw refused(kind, 'the game is FINISHED; RESUME opens it again');
  }
}

function refused(kind: string, why: string): CoreError {
  return new CoreError(status.FAILED_PRECONDITION, `action_type: ${kind} is not possible, ${why}`);
}

function full(): CoreError {
  return new CoreError(status.RESOURCE_EXHAUSTED, `the game is full: it has ${MAX_PLAYERS} players`);
}

function samePlayer(a: Player, b: Player): boolean {
  return a.health === b.health && a.score === b.score && a.position === b.position;
}
