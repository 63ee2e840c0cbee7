import { randomBytes } from 'node:crypto';

/** A place for a call that outlives its client: the last part of a path, which nobody can guess. */
export function newLocation(): string {
  return randomBytes(16).toString('base64url');
}
