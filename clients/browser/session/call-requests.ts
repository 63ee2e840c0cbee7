import { abortable } from '../../retry/abortable.js';
import { Code } from '../shared/code.js';
import { createDeferred } from '../shared/deferred.js';
import { stringifyJson } from '../shared/json.js';
import { createSendQueue } from '../shared/send-queue.js';
import { SluiceError } from '../shared/sluice-error.js';
import type { Attempt } from './call-transport.js';
import { messageFrame } from './client-frame.js';
import { createCredit, utf8Length } from './credit.js';
import type { CreditAmount } from './receive-window.js';

export interface CallRequestsOptions {
  /** The one message of the call as JSON; undefined if the call uses `send` and `end`. */
  readonly request: string | undefined;
  /** The largest frame to send, in bytes. */
  readonly maxMessageBytes: number;
  /** How many characters may wait in `send`. */
  readonly maxWaitingLength: number;
  /** Aborts when the call is over. */
  readonly signal: AbortSignal;
  /** The current attempt; undefined before the first one. */
  readonly attempt: () => Attempt | undefined;
}

/** The messages that a call sends, and the credit for them. */
export interface CallRequests {
  /** See `Call`. */
  send(message: unknown): Promise<void>;
  /** See `Call`. */
  end(): Promise<void>;
  /** Whether the call has exactly one message, which is known: only then it can be sent again, and go over HTTP. */
  readonly isSingle: boolean;
  /** Starts a new attempt, which has no credit yet. */
  startAttempt(): void;
  onOpened(): void;
  onCredit(amount: CreditAmount): void;
}

/** Creates the sending half of a call. */
export function createCallRequests(options: CallRequestsOptions): CallRequests {
  const { maxMessageBytes, maxWaitingLength, signal, attempt } = options;
  const queue = createSendQueue(maxWaitingLength);
  const credit = createCredit();
  const opened = createDeferred<void>();
  let { request } = options;
  let requestSent = false;
  /** `send` or `end` was called, so the page decides what is sent. */
  let begun = false;
  let ended: Promise<void> | undefined;
  /** The next grant is the first of its attempt. It tells whether the method takes one message. */
  let isFirstGrant = false;

  const sendHalfClose = async () => {
    await abortable(opened.promise, signal);
    attempt()?.halfClose();
  };
  return {
    async send(message) {
      begun = true;
      if (request !== undefined) {
        throw new SluiceError(Code.FAILED_PRECONDITION, 'send() is not possible: the request was given');
      }
      if (ended !== undefined) {
        throw new SluiceError(Code.FAILED_PRECONDITION, 'send() is not possible after the half-close');
      }
      const text = requestText(message, maxMessageBytes);
      await queue.run(text.length, async () => {
        const bytes = utf8Length(text);
        await credit.take(bytes, signal);
        attempt()?.send(text, bytes);
        await attempt()?.whenRoom(signal);
      });
    },
    end() {
      begun = true;
      // If the call is over, `messages` and `status` tell how it ended.
      ended ??=
        request !== undefined ? Promise.resolve() : queue.run(0, sendHalfClose).catch(() => undefined);
      return ended;
    },
    get isSingle() {
      return request !== undefined;
    },
    startAttempt() {
      credit.reset();
      requestSent = false;
    },
    onOpened() {
      isFirstGrant = true;
      opened.resolve();
    },
    onCredit(amount) {
      credit.add(amount);
      // PROTOCOL.md, section 12: only a method that takes one message grants exactly one at first.
      if (isFirstGrant && amount.messages === 1 && !begun) request ??= '{}';
      if (amount.messages > 0) isFirstGrant = false;
      if (request === undefined || requestSent) return;
      const bytes = utf8Length(request);
      if (!credit.tryTake(bytes)) return;
      requestSent = true;
      attempt()?.send(request, bytes);
      attempt()?.halfClose();
    },
  };
}

/** A message as JSON. Throws INVALID_ARGUMENT for a value that is not JSON, and RESOURCE_EXHAUSTED if its frame exceeds `maxBytes`. */
export function requestText(message: unknown, maxBytes: number): string {
  const text = stringifyJson(message);
  // The longest frame around an empty message: the names, and an id of ten digits.
  const maxTextBytes = maxBytes - messageFrame(4_294_967_295, '').length;
  // A UTF-16 unit is at most three bytes of UTF-8, so most texts need no counting.
  if (text.length * 3 <= maxTextBytes || utf8Length(text) <= maxTextBytes) return text;
  throw new SluiceError(
    Code.RESOURCE_EXHAUSTED,
    `the message with its frame is longer than ${maxBytes} bytes`,
  );
}
