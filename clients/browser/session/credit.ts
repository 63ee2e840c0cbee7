import { abortable } from '../../retry/abortable.js';
import { createDeferred, type Deferred } from '../shared/deferred.js';
import type { CreditAmount } from './receive-window.js';

/** How much may still be sent. A sender waits until there is credit: for a message, and more than 0 bytes. */
export interface Credit {
  /** Infinite bytes: they are not counted. */
  add(amount: CreditAmount): void;
  /** Sets the credit to zero, because the next attempt grants its own. Senders keep waiting. */
  reset(): void;
  /** Takes credit for one message of so many bytes, which may be more than there are; false if there is none. */
  tryTake(bytes: number): boolean;
  /** Takes credit for one message as soon as there is some. Rejects with the signal's reason. */
  take(bytes: number, signal: AbortSignal): Promise<void>;
}

/** A sender that waits for credit. */
interface WaitingSender {
  readonly bytes: number;
  readonly credited: Deferred<void>;
}

/** Creates a credit of zero messages and zero bytes. */
export function createCredit(): Credit {
  let messages = 0;
  /** Negative after a message that was larger. */
  let bytes = 0;
  /** In the order in which they began to wait. */
  const waiting = new Set<WaitingSender>();
  const tryTake = (taken: number) => {
    if (messages === 0 || bytes <= 0) return false;
    messages -= 1;
    bytes -= taken;
    return true;
  };
  return {
    add(amount) {
      messages += amount.messages;
      bytes += amount.bytes;
      for (const sender of waiting) {
        if (!tryTake(sender.bytes)) return;
        waiting.delete(sender);
        sender.credited.resolve();
      }
    },
    reset() {
      messages = 0;
      bytes = 0;
    },
    tryTake,
    async take(taken, signal) {
      signal.throwIfAborted();
      if (tryTake(taken)) return;
      const sender = { bytes: taken, credited: createDeferred<void>() };
      waiting.add(sender);
      try {
        await abortable(sender.credited.promise, signal);
      } finally {
        waiting.delete(sender);
      }
    },
  };
}

/** How many bytes a text has as UTF-8. It must be well-formed. */
export function utf8Length(text: string): number {
  let bytes = text.length;
  for (let at = 0; at < text.length; at += 1) {
    const unit = text.charCodeAt(at);
    if (unit <= 0x7f) continue;
    // Half of a surrogate pair, whose four bytes are two for each half, or a unit of two or three bytes.
    bytes += unit <= 0x7ff || (unit >= 0xd800 && unit <= 0xdfff) ? 1 : 2;
  }
  return bytes;
}
