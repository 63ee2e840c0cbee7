import type { SlowReader } from '../policy.js';
import { waitOrDisconnect } from './disconnect.js';
import type { Downstream } from './downstream.js';
import { keepNewest } from './keep-newest.js';

export { isToldInTime, TooSlow } from './disconnect.js';
export type { Downstream } from './downstream.js';

/** Moves the messages of a service to its client by a policy. Settles as `pump` does. `onDropped` hears at once of each that is not delivered. */
export function pumpBySlowReader(
  policy: SlowReader,
  down: Downstream,
  onDropped: (messages: number) => void,
): Promise<boolean> {
  return policy.policy === 'disconnect'
    ? waitOrDisconnect(policy, down)
    : keepNewest(policy, down, onDropped);
}
