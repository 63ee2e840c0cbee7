export { DEFAULT_LIMITS, type Limits } from '../../options/index.js';

/** A delay between half and one and a half of `ms`, so that clients of a draining gateway do not come back all at once. */
export function spread(ms: number): number {
  return Math.round(ms * (0.5 + Math.random()));
}
