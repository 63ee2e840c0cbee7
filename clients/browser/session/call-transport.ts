import type { SluiceError } from '../shared/sluice-error.js';
import type { OpenFrame } from './client-frame.js';
import type { CreditAmount } from './receive-window.js';
import type { CallEnd, Gap, Metadata } from './session-frame.js';

/** Carries calls: the WebSocket of a session, or HTTP requests where WebSockets are blocked. */
export interface CallTransport {
  /** Whether one more call can begin now. */
  readonly hasRoom: boolean;
  /** Whether the gateway has announced that it shuts down. */
  readonly leaving: boolean;
  /** Whether the gateway closed it because it does not know credit in bytes: then no call of it has begun, and the next transport has none. */
  readonly refusedBytes: boolean;
  /** Begins an attempt. Its events are never called in this tick. */
  begin(open: OpenFrame, events: AttemptEvents): Attempt;
  /** Closes the transport; its calls end with `error`. */
  close(error: SluiceError): void;
}

/** A call on one transport. A call that resumes or moves has several attempts, one after another. */
export interface Attempt {
  /** Sends one message, which is JSON of so many bytes. The caller has taken the credit for it. */
  send(message: string, bytes: number): void;
  /** Resolves when the browser's send buffer has room. Rejects with the signal's reason. */
  whenRoom(signal: AbortSignal): Promise<void>;
  halfClose(): void;
  /** Grants the service credit for more messages. */
  grant(amount: CreditAmount): void;
  /** Ends the call for everybody who reads it, if it is detached; else as if it were cancelled. The attempt ends as every other, with its `onEnd`. */
  stop(): void;
  /** Ends the attempt: the gateway is told, and no further events are called. Does nothing after the end. */
  cancel(): void;
}

/** The events of an attempt. None is called after `onEnd`, and none after `cancel()`. */
export interface AttemptEvents {
  onOpened(): void;
  /** The gateway has let the call in. Where it is found if it is detached; empty for any other call. */
  onLocation(location: string): void;
  /** The service accepts this much more. The first grant follows `onOpened` at once; its bytes are infinite where they are not counted. */
  onCredit(amount: CreditAmount): void;
  onHeaders(metadata: Metadata): void;
  /** `bytes`: what the message has taken of the credit. */
  onMessage(data: unknown, cursor: string, bytes: number): void;
  onDropped(count: number): void;
  onGap(gap: Gap): void;
  /** The gateway shuts down: it accepts no new calls here, and will end this one. */
  onGoAway(): void;
  onEnd(end: CallEnd): void;
}
