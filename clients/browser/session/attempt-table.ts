import { Code } from '../shared/code.js';
import { SluiceError } from '../shared/sluice-error.js';
import type { CallEnd, Gap, Metadata, ServerFrame } from './session-frame.js';

/** What an attempt tells its call. Nothing is told after `onEnd`, and nothing after `cancel()`. */
export interface AttemptEvents {
  onOpened(): void;
  /** The service has room for so many more messages. The first grant comes right after `onOpened`. */
  onCredit(messages: number): void;
  onHeaders(metadata: Metadata): void;
  onMessage(data: unknown, cursor: string): void;
  onDropped(count: number): void;
  onGap(gap: Gap): void;
  /** The gateway takes no new calls here and will end this one: whoever can go on elsewhere should. */
  onGoAway(): void;
  onEnd(end: CallEnd): void;
}

/** What one id stands for, from its `open` to its `end`. */
export interface OpenAttempt {
  /** How many messages the gateway may still send. */
  allowed: number;
  /** How many we may still send: only to notice a gateway that grants beyond all bounds. */
  granted: number;
  /** Undefined once the call has left: what still comes is thrown away until its end. */
  events: AttemptEvents | undefined;
}

/** A frame that is about one call. */
export type AttemptFrame = Exclude<ServerFrame, { readonly type: 'pong' | 'goAway' }>;

/** The calls of one session, by id. */
export interface AttemptTable {
  /** Open ones, and those that were cancelled and whose end has not come. */
  readonly size: number;
  /** Whether this call is still open. */
  has(id: number, attempt: OpenAttempt): boolean;
  add(id: number, attempt: OpenAttempt): void;
  /** Gives a frame to its call. Fails with INTERNAL for one that the protocol does not allow now. */
  take(frame: AttemptFrame): void;
  goAway(): void;
  /** Ends all calls. */
  end(error: SluiceError): void;
}

/** Section 12: all credit of one direction together. */
const MAX_CREDIT = 2 ** 31 - 1;

/** Creates a table without calls. */
export function createAttemptTable(): AttemptTable {
  const attempts = new Map<number, OpenAttempt>();

  const attemptOf = (id: number): OpenAttempt => {
    const attempt = attempts.get(id);
    if (attempt === undefined) throw broken(`the gateway sent a frame for call ${id}, which is not open`);
    return attempt;
  };
  const addCredit = (attempt: OpenAttempt, messages: number) => {
    attempt.granted += messages;
    if (attempt.granted > MAX_CREDIT) throw broken('the gateway granted too much credit');
    if (messages > 0) attempt.events?.onCredit(messages);
  };
  return {
    get size() {
      return attempts.size;
    },
    has: (id, attempt) => attempts.get(id) === attempt,
    add(id, attempt) {
      attempts.set(id, attempt);
    },
    take(frame) {
      const attempt = attemptOf(frame.id);
      switch (frame.type) {
        case 'opened':
          attempt.events?.onOpened();
          addCredit(attempt, frame.credit);
          return;
        case 'credit':
          addCredit(attempt, frame.messages);
          return;
        case 'headers':
          attempt.events?.onHeaders(frame.metadata);
          return;
        case 'message':
          if (attempt.allowed === 0) {
            throw broken(`the gateway sent more messages than call ${frame.id} had room for`);
          }
          attempt.allowed -= 1;
          attempt.events?.onMessage(frame.data, frame.cursor);
          return;
        case 'dropped':
          attempt.events?.onDropped(frame.count);
          return;
        case 'gap':
          attempt.events?.onGap(frame.gap);
          return;
        case 'end':
          attempts.delete(frame.id);
          attempt.events?.onEnd(frame.end);
      }
    },
    goAway() {
      for (const { events } of [...attempts.values()]) events?.onGoAway();
    },
    end(error) {
      const ending = [...attempts.values()];
      attempts.clear();
      for (const { events } of ending) events?.onEnd({ error, trailers: {} });
    },
  };
}

function broken(text: string): SluiceError {
  return new SluiceError(Code.INTERNAL, text);
}
