import { LATER } from '../async/index.js';
import type { Batch } from './batch.js';
import type { Call } from './transport.js';

/** The `read` of a call that has a `next`. */
export function readNext(call: Required<Pick<Call, 'next'>>): Promise<Batch | undefined> {
  return new Promise((resolve) => {
    const wake = () => {
      const next = call.next({ wake });
      if (next !== LATER) resolve(next);
    };
    wake();
  });
}
