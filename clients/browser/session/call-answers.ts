import { Code } from '../shared/code.js';
import { createMessageQueue } from '../shared/message-queue.js';
import { singleAnswer } from '../shared/single-answer.js';
import { SluiceError } from '../shared/sluice-error.js';

export interface CallAnswersOptions {
  /** How many messages may be on their way or wait. */
  readonly window: number;
  /** The cursor that the call starts after; empty for none. */
  readonly cursor: string;
  /** Grants the service credit for more messages. */
  readonly grant: (messages: number) => void;
  /** Cancels the call: its reader has left. */
  readonly cancel: () => void;
}

/** The messages that a call receives, and the credit for them. */
export interface CallAnswers<Message> {
  readonly messages: AsyncIterableIterator<Message>;
  result(): Promise<Message>;
  /** The cursor of the last message that the page has taken. */
  readonly takenCursor: string;
  /** The cursor of the last message received: where the next attempt resumes. */
  readonly receivedCursor: string;
  /** Starts a new attempt. Returns the credit that it opens with: messages that wait here have used theirs. */
  startAttempt(): number;
  put(data: unknown, cursor: string): void;
  end(error: SluiceError | undefined): void;
}

/** The window of a call: `CallOptions.credit` or its default. Throws INVALID_ARGUMENT for a number that is not allowed. */
export function windowFrom(credit = 16): number {
  if (Number.isInteger(credit) && credit >= 1 && credit < 2 ** 31) return credit;
  throw new SluiceError(Code.INVALID_ARGUMENT, 'credit must be an integer from 1 to 2^31-1');
}

/** Creates the receiving half of a call. */
export function createCallAnswers<Message>(options: CallAnswersOptions): CallAnswers<Message> {
  const { window, grant, cancel } = options;
  const queue = createMessageQueue<{ readonly data: unknown; readonly cursor: string }>();
  let receivedCursor = options.cursor;
  let takenCursor = options.cursor;
  /** Messages taken since the last grant. */
  let taken = 0;
  let left = false;

  const next = async (): Promise<IteratorResult<Message, undefined>> => {
    if (left) return { done: true, value: undefined };
    const received = await queue.take();
    if (received === undefined) return { done: true, value: undefined };
    takenCursor = received.message.cursor;
    taken += 1;
    // Half of the window at a time: one frame grants many messages, while the other half is still on its way.
    if (taken >= Math.ceil(window / 2)) {
      grant(taken);
      taken = 0;
    }
    return { done: false, value: received.message.data as Message };
  };
  return {
    messages: {
      next,
      async return() {
        left = true;
        cancel();
        queue.clear();
        return { done: true, value: undefined };
      },
      [Symbol.asyncIterator]() {
        return this;
      },
    },
    result: () => singleAnswer(next, cancel),
    get takenCursor() {
      return takenCursor;
    },
    get receivedCursor() {
      return receivedCursor;
    },
    startAttempt() {
      taken = 0;
      return window - queue.length;
    },
    put(data, cursor) {
      if (cursor !== '') receivedCursor = cursor;
      queue.put({ data, cursor: receivedCursor });
    },
    end: (error) => queue.end(error),
  };
}
