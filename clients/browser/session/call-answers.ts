import { Code } from '../shared/code.js';
import { createMessageQueue } from '../shared/message-queue.js';
import { singleAnswer } from '../shared/single-answer.js';
import { SluiceError } from '../shared/sluice-error.js';
import { type CreditAmount, createReceiveWindow } from './receive-window.js';

export interface CallAnswersOptions {
  /** How much may be on its way or wait. */
  readonly window: CreditAmount;
  /** The cursor that the call starts after; empty for none. */
  readonly cursor: string;
  /** Grants the service credit for more. */
  readonly grant: (amount: CreditAmount) => void;
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
  /** Whether a message has come. */
  readonly hasReceived: boolean;
  /** Starts a new attempt. Returns the credit that it opens with: messages that wait here have used theirs. */
  startAttempt(): CreditAmount;
  /** `bytes`: what the message has taken of the credit. */
  put(data: unknown, cursor: string, bytes: number): void;
  end(error: SluiceError | undefined): void;
}

/**
 * The window of a call: `CallOptions.credit` and `CallOptions.creditBytes`, or their defaults. Throws INVALID_ARGUMENT for a number that is
 * not allowed.
 */
export function windowFrom(credit = 16, creditBytes = 1024 * 1024): CreditAmount {
  assertCredit('credit', credit, 1);
  assertCredit('creditBytes', creditBytes, 0);
  return { messages: credit, bytes: creditBytes };
}

function assertCredit(name: string, value: number, least: number): void {
  if (Number.isInteger(value) && value >= least && value < 2 ** 31) return;
  throw new SluiceError(Code.INVALID_ARGUMENT, `${name} must be an integer from ${least} to 2^31-1`);
}

/** Creates the receiving half of a call. */
export function createCallAnswers<Message>(options: CallAnswersOptions): CallAnswers<Message> {
  const { grant, cancel } = options;
  const queue = createMessageQueue<{
    readonly data: unknown;
    readonly cursor: string;
    readonly bytes: number;
  }>();
  const window = createReceiveWindow(options.window);
  let receivedCursor = options.cursor;
  let takenCursor = options.cursor;
  /** The bytes of the messages that the page works on. */
  let workedOnBytes = 0;
  let left = false;
  let hasReceived = false;

  const grantIfDue = () => {
    const amount = window.grant();
    if (amount !== undefined) grant(amount);
  };
  const next = async (): Promise<IteratorResult<Message, undefined>> => {
    if (left) return { done: true, value: undefined };
    // Who asks for the next message is done with those before it. Until then the page holds them, so they count.
    if (workedOnBytes > 0) {
      window.release(workedOnBytes);
      workedOnBytes = 0;
      grantIfDue();
    }
    const received = await queue.take();
    if (received === undefined) return { done: true, value: undefined };
    const { data, cursor, bytes } = received.message;
    takenCursor = cursor;
    workedOnBytes += bytes;
    window.take();
    grantIfDue();
    return { done: false, value: data as Message };
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
    get hasReceived() {
      return hasReceived;
    },
    startAttempt: window.open,
    put(data, cursor, bytes) {
      if (cursor !== '') receivedCursor = cursor;
      hasReceived = true;
      window.receive(bytes);
      queue.put({ data, cursor: receivedCursor, bytes });
    },
    end: (error) => queue.end(error),
  };
}
