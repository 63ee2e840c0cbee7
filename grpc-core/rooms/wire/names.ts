import { invalid } from '../../base/index.js';

/** The longest name of a user, room, player, game, document, sensor or operation, in UTF-16 code units. */
export const MAX_NAME_LENGTH = 200;

/** A name that a caller chose. Empty or longer than `MAX_NAME_LENGTH`: INVALID_ARGUMENT naming `field`. */
export function assertName(field: string, name: string): string {
  if (name === '') throw invalid(field, 'must not be empty');
  return assertShort(field, name);
}

/** Like `assertName`, but empty is allowed. */
export function assertShort(field: string, name: string): string {
  if (name.length > MAX_NAME_LENGTH)
    throw invalid(field, `must not be longer than ${MAX_NAME_LENGTH} characters`);
  return name;
}
