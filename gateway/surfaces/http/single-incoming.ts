import type { Incoming } from '../../bridge/index.js';
import type { SendBatch } from '../../upstream/index.js';

/** One message that is already here, then half-close. */
export function singleIncoming(message: Uint8Array): Incoming {
  let batch: SendBatch | undefined = [message];
  return {
    async read() {
      const next = batch;
      batch = undefined;
      return next;
    },
    close() {
      batch = undefined;
    },
  };
}
