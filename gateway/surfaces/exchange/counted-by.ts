import type { Principal, RequestSource } from '../../security/index.js';

/** What a client is counted by where its principal goes before its address. No address looks like a principal. */
export function countedBy({ group }: RequestSource, { isAnonymous, key }: Principal): string {
  return isAnonymous ? group : `principal ${key}`;
}
