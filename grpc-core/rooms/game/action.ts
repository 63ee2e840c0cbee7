import { status } from '@grpc/grpc-js';
import type { GameAction__Output } from '../../../proto/types/streaming/GameAction.js';
import { CoreError, invalid } from '../../base/index.js';
import { assertName } from '../wire/index.js';

/** A request, checked. `position` gives the new position from the old one. */
export type Action =
  | { readonly kind: 'JOIN' | 'DEFEND' | 'PAUSE' | 'RESUME' | 'FINISH' }
  | { readonly kind: 'ATTACK'; readonly target: string | undefined }
  | { readonly kind: 'MOVE'; readonly position: (before: string) => string };

/** The longest position, in UTF-16 code units. */
export const MAX_POSITION_LENGTH = 64;
const MAX_COORDINATE = 1_000_000_000;

/** The game a request is for: the one called "default" when it names none. */
export function gameOf(request: GameAction__Output): string {
  if (request.game_id === '') return 'default';
  return assertName('game_id', request.game_id);
}

/** Who acts. INVALID_ARGUMENT when nobody can be called that. */
export function playerOf(request: GameAction__Output): string {
  // The key of a map field becomes a property; this one would vanish as the prototype.
  if (request.player_id === '__proto__') throw invalid('player_id', 'must not be __proto__');
  return assertName('player_id', request.player_id);
}

/** What a request asks for. `action_type` in any case; an unknown one, or a MOVE to nowhere, is INVALID_ARGUMENT. */
export function actionFromRequest(request: GameAction__Output): Action {
  const kind = request.action_type.toUpperCase();
  switch (kind) {
    case 'JOIN':
    case 'DEFEND':
    case 'PAUSE':
    case 'RESUME':
    case 'FINISH':
      return { kind };
    case 'ATTACK':
      return { kind, target: parameter(request, 'target') };
    case 'MOVE':
      return { kind, position: moveFromParameters(request) };
    default:
      throw invalid('action_type', 'must be one of JOIN, MOVE, ATTACK, DEFEND, PAUSE, RESUME, FINISH');
  }
}

function parameter(request: GameAction__Output, name: string): string | undefined {
  return Object.hasOwn(request.parameters, name) ? request.parameters[name] : undefined;
}

// `position` as it is, or `x` and `y`, or a step `dx`, `dy` (one may be left out) from a position "x,y".
function moveFromParameters(request: GameAction__Output): (before: string) => string {
  const position = parameter(request, 'position');
  if (position !== undefined) {
    const sane = assertPosition(position);
    return () => sane;
  }
  const x = coordinate(request, 'x');
  const y = coordinate(request, 'y');
  if (x !== undefined || y !== undefined) {
    if (x === undefined) throw invalid('parameters.x', 'is needed with y');
    if (y === undefined) throw invalid('parameters.y', 'is needed with x');
    return () => `${x},${y}`;
  }
  const dx = coordinate(request, 'dx');
  const dy = coordinate(request, 'dy');
  if (dx === undefined && dy === undefined) {
    throw invalid('parameters.position', 'MOVE needs it, or x and y, or dx and dy');
  }
  return (before) => stepFrom(before, dx ?? 0, dy ?? 0);
}

function assertPosition(position: string): string {
  if (position === '' || position.length > MAX_POSITION_LENGTH || /\p{Cc}/u.test(position)) {
    throw invalid('parameters.position', `must be 1 to ${MAX_POSITION_LENGTH} printable characters`);
  }
  return position;
}

function coordinate(request: GameAction__Output, name: string): number | undefined {
  const text = parameter(request, name);
  if (text === undefined) return undefined;
  const value = Number(text);
  if (text.trim() === '' || !(Math.abs(value) <= MAX_COORDINATE)) {
    throw invalid(`parameters.${name}`, `must be a number between -${MAX_COORDINATE} and ${MAX_COORDINATE}`);
  }
  return value;
}

function stepFrom(before: string, dx: number, dy: number): string {
  const parts = before.split(',').map(Number);
  const [x, y] = parts;
  if (parts.length !== 2 || x === undefined || y === undefined || !Number.isFinite(x + y)) {
    throw new CoreError(
      status.FAILED_PRECONDITION,
      'parameters.dx: the player is not at a position "x,y"; MOVE with position, or x and y, first',
    );
  }
  return assertPosition(`${clamp(x + dx)},${clamp(y + dy)}`);
}

function clamp(value: number): number {
  return Math.max(-MAX_COORDINATE, Math.min(MAX_COORDINATE, value));
}
