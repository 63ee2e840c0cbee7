import { Code } from './code.js';
import { SluiceError } from './sluice-error.js';

/** Work that is done one after another, in the order in which it was given. */
export interface SendQueue {
  /** Does the work when all before it is done, whether that went well or not, and settles as it does. */
  take(length: number, work: () => Promise<void>): Promise<void>;
}

/** Creates turns. The work that waits has at most `maxLength` together; more fails with RESOURCE_EXHAUSTED and is not done. */
export function createSendQueue(maxLength: number): SendQueue {
  let waitingLength = 0;
  let last: Promise<unknown> = Promise.resolve();
  return {
    take(length, work) {
      if (waitingLength + length > maxLength) {
        return Promise.reject(
          new SluiceError(
            Code.RESOURCE_EXHAUSTED,
            `more than ${maxLength} characters wait to be sent: await send() before the next one`,
          ),
        );
      }
      waitingLength += length;
      const done = last.then(work).finally(() => {
        waitingLength -= length;
      });
      // What fails is told to whoever gave it; the next one finds out by itself.
      last = done.catch(() => undefined);
      return done;
    },
  };
}
