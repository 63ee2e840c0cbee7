import { hash } from 'node:crypto';
import type { Principal, RequestSource } from '../../security/index.js';

/** The longest name that limits keep, in characters: a token may name its subject and its tenant by hundreds, and what is remembered has a bound in bytes. */
const MAX_NAME_LENGTH = 100;

/** What limits count a principal by: its key, or a hash of one that is long. */
export function principalName({ key }: Principal): string {
  return key.length <= MAX_NAME_LENGTH ? key : hash('sha256', key, 'base64');
}

/** What a client is counted by where its principal goes before its address. No address looks like a principal. */
export function countedBy({ group }: RequestSource, principal: Principal): string {
  return principal.isAnonymous ? group : `principal ${principalName(principal)}`;
}
