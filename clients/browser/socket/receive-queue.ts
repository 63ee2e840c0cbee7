import { Code } from '../shared/code.js';
import { createMessageQueue } from '../shared/message-queue.js';
import { SluiceError } from '../shared/sluice-error.js';

export interface ReceiveQueueLimits {
  readonly maxMessages: number;
  readonly maxLength: number;
}

/** Texts that have come and were not asked for yet. One reader. */
export interface ReceiveQueue {
  /** Takes a text. Returns the error that this inbox now fails with when there is no room for it. */
  put(text: string): SluiceError | undefined;
  /** Says that no more will come, and how it ended. Only the first end counts. */
  end(error: SluiceError | undefined): void;
  /** Throws away what waits: the reader has left. */
  clear(): void;
  /** The next text; undefined at a good end; rejects with the error once everything before it was taken. */
  take(): Promise<string | undefined>;
}

/** An inbox that fails rather than grow beyond its limits. */
export function createReceiveQueue({ maxMessages, maxLength }: ReceiveQueueLimits): ReceiveQueue {
  const queue = createMessageQueue<string>();
  /** Of the texts that wait. */
  let length = 0;
  return {
    end: (error) => queue.end(error),
    put(text) {
      if (queue.length >= maxMessages || length + text.length > maxLength) {
        const error = new SluiceError(
          Code.RESOURCE_EXHAUSTED,
          `messages came faster than they were taken: more than ${maxMessages} messages or ${maxLength} characters waited`,
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
