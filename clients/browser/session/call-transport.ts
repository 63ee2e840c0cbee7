import type { SluiceError } from '../shared/sluice-error.js';
import type { CallEnd, Gap, Metadata, OpenFrame } from './session-frame.js';

/** Carries calls: the WebSocket of a session, or HTTP requests where WebSockets are blocked. */
export interface CallTransport {
  /** Whether one more call can begin now. */
  readonly hasRoom: boolean;
  /** Whether the gateway has announced that it shuts down. */
  readonly leaving: boolean;
  /** Begins an attempt. Its events are never called in this tick. */
  begin(open: OpenFrame, events: AttemptEvents): Attempt;
  /** Closes the transport; its calls end with `error`. */
  close(error: SluiceError): void;
}

/** A call on one transport. A call that resumes or moves has several attempts, one after another. */
export interface Attempt {
  /** Sends one message, which is JSON. The caller has taken the credit for it. */
  send(message: string): void;
  /** Resolves when the browser's send buffer has room. Rejects with the signal's reason. */
  whenRoom(signal: AbortSignal): Promise<void>;
  halfClose(): void;
  /** Grants the service credit for more messages. */
  grant(messages: number): void;
  /** Ends the attempt: the gateway is told, and no further events are called. Does nothing after the end. */
  cancel(): void;
}

/** The events of an attempt. None is called after `onEnd`, and none after `cancel()`. */
export interface AttemptEvents {
  onOpened(): void;
  /** The service accepts this many more messages. The first grant follows `onOpened` at once. */
  onCredit(messages: number): void;
  onHeaders(metadata: Metadata): void;
  onMessage(data: unknown, cursor: string): void;
  onDropped(count: number): void;
  onGap(gap: Gap): void;
  /** The gateway shuts down: it accepts no new calls here, and will end this one. */
  onGoAway(): void;
  onEnd(end: CallEnd): void;
}
