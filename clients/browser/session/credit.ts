import { abortable } from '../shared/abortable.js';
import { createDeferred, type Deferred } from '../shared/deferred.js';

/** How many messages may still be sent. A sender waits until there is credit. */
export interface Credit {
  add(messages: number): void;
  /** Sets the credit to zero, because the next attempt grants its own. Senders keep waiting. */
  reset(): void;
  /** Takes credit for one message; false if there is none. */
  tryTake(): boolean;
  /** Takes credit for one message as soon as there is some. Rejects with the signal's reason. */
  take(signal: AbortSignal): Promise<void>;
}

/** Creates a credit of zero messages. */
export function createCredit(): Credit {
  let available = 0;
  /** Senders in the order in which they began to wait. */
  const waiting = new Set<Deferred<void>>();
  const tryTake = () => {
    if (available === 0) return false;
    available -= 1;
    return true;
  };
  return {
    add(messages) {
      available += messages;
      for (const sender of waiting) {
        if (!tryTake()) return;
        waiting.delete(sender);
        sender.resolve();
      }
    },
    reset() {
      available = 0;
    },
    tryTake,
    async take(signal) {
      signal.throwIfAborted();
      if (tryTake()) return;
      const sender = createDeferred<void>();
      waiting.add(sender);
      try {
        await abortable(sender.promise, signal);
      } finally {
        waiting.delete(sender);
      }
    },
  };
}
