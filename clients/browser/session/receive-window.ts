/** Messages, and bytes of them. */
export interface CreditAmount {
  readonly messages: number;
  /** 0 where bytes are not counted. */
  readonly bytes: number;
}

/**
 * How much the gateway may send to a call. At any time what it may still send and what the page holds are together at most the window, but for
 * one message that is larger than what was left. The bytes of a message are those that the gateway told with it, and are granted anew
 * as they were told, so the two sides cannot drift apart.
 */
export interface ReceiveWindow {
  /** A new attempt: returns what it opens with. What the page still holds of the attempts before counts. */
  open(): CreditAmount;
  /** A message has arrived. */
  receive(bytes: number): void;
  /** The page has taken a message: there is room for another one, but its bytes are held until `release`. */
  take(): void;
  /** The page is done with messages of so many bytes. */
  release(bytes: number): void;
  /** What to grant now; undefined for nothing. Half of the window at a time: one frame grants for many messages. */
  grant(): CreditAmount | undefined;
}

/** Creates the window of a call. `window.bytes` 0: bytes are not counted. */
export function createReceiveWindow(window: CreditAmount): ReceiveWindow {
  const { messages: maxMessages, bytes: maxBytes } = window;
  const countsBytes = maxBytes > 0;
  /** Messages that wait, and the bytes of these and of those that the page works on. */
  let heldMessages = 0;
  let heldBytes = 0;
  /** What the gateway may still send in this attempt; the bytes may be negative. */
  let openMessages = 0;
  let openBytes = 0;
  return {
    open() {
      // No messages while the bytes are full: 0 bytes would mean that they are not counted, so it is 1.
      const isFull = countsBytes && heldBytes >= maxBytes;
      openMessages = isFull ? 0 : maxMessages - heldMessages;
      if (countsBytes) openBytes = isFull ? 1 : maxBytes - heldBytes;
      return { messages: openMessages, bytes: openBytes };
    },
    receive(bytes) {
      heldMessages += 1;
      heldBytes += bytes;
      openMessages -= 1;
      openBytes -= bytes;
    },
    take() {
      heldMessages -= 1;
    },
    release(bytes) {
      heldBytes -= bytes;
    },
    grant() {
      const messages = maxMessages - heldMessages - openMessages;
      const bytes = countsBytes ? maxBytes - heldBytes - openBytes : 0;
      // An attempt that was opened while the bytes were full: first there must be room.
      if (bytes < 0) return undefined;
      const isDue = messages >= Math.ceil(maxMessages / 2) || (bytes > 0 && bytes >= maxBytes / 2);
      if (!isDue) return undefined;
      openMessages += messages;
      openBytes += bytes;
      return { messages, bytes };
    },
  };
}
