import { Code } from './code.js';
import { SluiceError } from './sluice-error.js';

/** Runs the sends of a call one after another, in the order of the calls. */
export interface SendQueue {
  /** Runs `send` after all sends before it have settled, whether they succeeded or not. Settles as `send` does. */
  run(length: number, send: () => Promise<void>): Promise<void>;
}

/**
 * Creates a queue whose messages have at most `maxLength` characters together, the one that is being sent included. A send beyond that
 * rejects with RESOURCE_EXHAUSTED and does not run.
 */
export function createSendQueue(maxLength: number): SendQueue {
  let queuedLength = 0;
  let last: Promise<unknown> = Promise.resolve();
  return {
    run(length, send) {
      if (queuedLength + length > maxLength) {
        return Promise.reject(
          new SluiceError(
            Code.RESOURCE_EXHAUSTED,
            `more than ${maxLength} characters are waiting to be sent: await send() before you call it again`,
          ),
        );
      }
      queuedLength += length;
      const done = last.then(send).finally(() => {
        queuedLength -= length;
      });
      // The caller of this send sees its failure. The next send must run nevertheless.
      last = done.catch(() => undefined);
      return done;
    },
  };
}
