import { setTimeout } from 'node:timers/promises';
import { status } from '@grpc/grpc-js';
import { CoreError } from '../../base/index.js';
import { StoreConflict } from '../../store/index.js';

// Conflicts come from other replicas only (see KeyedQueue); so many in a row mean that something is wrong.
const MAX_ATTEMPTS = 50;
const MAX_PAUSE_MS = 50;

/**
 * Does `attempt` again as long as it throws `StoreConflict`, from the second time on after a short random pause: without one, two
 * replicas can keep in step and the same one loses every time. ABORTED after 50 attempts, at most about 2.5 s.
 */
export async function retryConflicts<T>(attempt: () => Promise<T>): Promise<T> {
  for (let count = 1; ; count++) {
    try {
      return await attempt();
    } catch (error) {
      if (!(error instanceof StoreConflict)) throw error;
      if (count === MAX_ATTEMPTS) {
        throw new CoreError(status.ABORTED, 'too many changes at the same time; try again', { cause: error });
      }
    }
    if (count > 1) await setTimeout(Math.random() * Math.min(MAX_PAUSE_MS, 2 ** count));
  }
}
