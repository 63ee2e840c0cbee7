import { Code } from '../shared/code.js';
import { createMessageQueue } from '../shared/message-queue.js';
import { SluiceError } from '../shared/sluice-error.js';

export interface ReceiveQueueLimits {
  readonly maxMessages: number;
  /** In UTF-16 code units. */
  readonly maxLength: number;
}

/** Messages of a WebSocket that were not read yet, for one reader. A browser cannot pause a WebSocket, so the queue has limits. */
export interface ReceiveQueue {
  /** Adds a message. If there is no room for it, the queue ends with an error, which is returned. */
  put(text: string): SluiceError | undefined;
  /** Says that no more messages follow. `error` is undefined for an end with OK. Only the first call has an effect. */
  end(error: SluiceError | undefined): void;
  /** Drops the messages that wait: the reader has left. */
  clear(): void;
  /** The next message; undefined after the last one of a call that ended with OK. Otherwise rejects with the error after the last message. */
  take(): Promise<string | undefined>;
}

/** Creates a queue that fails with RESOURCE_EXHAUSTED beyond its limits. */
export function createReceiveQueue({ maxMessages, maxLength }: ReceiveQueueLimits): ReceiveQueue {
  const queue = createMessageQueue<string>();
  let length = 0;
  return {
    end: (error) => queue.end(error),
    put(text) {
      if (queue.length >= maxMessages || length + text.length > maxLength) {
        const error = new SluiceError(
          Code.RESOURCE_EXHAUSTED,
          `the page reads too slowly: more than ${maxMessages} messages or ${maxLength} characters are waiting`,
        );
        queue.end(error);
        return error;
      }
      length += text.length;
      queue.put(text);
      return undefined;
    },
    clear() {
      length = 0;
      queue.clear();
    },
    async take() {
      const taken = await queue.take();
      length -= taken?.message.length ?? 0;
      return taken?.message;
    },
  };
}
