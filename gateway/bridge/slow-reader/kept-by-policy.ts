import type { Conflate, DropOldest } from '../policy.js';
import { KeptByKey } from './kept-by-key.js';
import { KeptInOrder } from './kept-in-order.js';
import type { KeptMessages } from './kept-messages.js';

/** Keeps what its policy says. */
export function keptMessages(policy: Conflate | DropOldest): KeptMessages {
  return policy.policy === 'conflate' ? new KeptByKey(policy) : new KeptInOrder(policy);
}
