import { Code } from './code.js';
import { SluiceError } from './sluice-error.js';

export interface InboxLimits {
  readonly maxMessages: number;
  readonly maxLength: number;
}

/** Texts that have come and were not asked for yet. One reader. */
export interface Inbox {
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
export function createInbox({ maxMessages, maxLength }: InboxLimits): Inbox {
  let texts: string[] = [];
  let length = 0;
  let ended: { readonly error: SluiceError | undefined } | undefined;
  let waiting: (() => void)[] = [];

  const wake = () => {
    const woken = waiting;
    waiting = [];
    for (const resume of woken) resume();
  };
  const end = (error: SluiceError | undefined) => {
    ended ??= { error };
    wake();
  };
  return {
    end,
    put(text) {
      if (ended !== undefined) return undefined;
      if (texts.length >= maxMessages || length + text.length > maxLength) {
        const error = new SluiceError(
          Code.RESOURCE_EXHAUSTED,
          `messages came faster than they were taken: more than ${maxMessages} messages or ${maxLength} characters waited`,
        );
        end(error);
        return error;
      }
      texts.push(text);
      length += text.length;
      wake();
      return undefined;
    },
    clear() {
      texts = [];
      length = 0;
    },
    async take() {
      for (;;) {
        const text = texts.shift();
        if (text !== undefined) {
          length -= text.length;
          return text;
        }
        if (ended !== undefined) {
          if (ended.error !== undefined) throw ended.error;
          return undefined;
        }
        await new Promise<void>((resolve) => waiting.push(resolve));
      }
    },
  };
}
