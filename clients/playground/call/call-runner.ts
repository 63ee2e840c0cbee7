import type { MethodEntry } from '../schema/services.js';
import type { CallResult } from './call-result.js';
import type { GapWatch } from './gap-watch.js';
import type { MessageRate } from './message-rate.js';
import type { CallRecord, MessageStore } from './message-store.js';
import type { CallPlace, CallRequest, RunningCall } from './running-call.js';

/** What a call begins with. */
export type CallBegin = Pick<CallRequest, 'request' | 'headers' | 'detach' | 'place'>;

/** What a part of the page learns of the calls of a method. All are optional; none may throw. */
export interface CallListener {
  started?(start: CallBegin): void;
  /** A message in either direction, or a note. Called for each, so it must be quick: draw later, in a frame. */
  recorded?(record: CallRecord): void;
  /** Paused, resumed, half-closed, cut, or detached calls are wanted. */
  changed?(): void;
  /** The call is detached, and found there. */
  located?(location: string): void;
  ended?(result: CallResult, durationMs: number): void;
}

/** The calls of one method, at most one at a time, and what is known of the last one. The door for every part of the page. */
export interface CallRunner {
  readonly method: MethodEntry;
  readonly isRunning: boolean;
  readonly isPaused: boolean;
  readonly isHalfClosed: boolean;
  /** Whether calls begin so that they go on without their page. */
  readonly detaches: boolean;
  /** Where the running call is found by others; "" for one that ends with its page. */
  readonly location: string;
  /** The cursor of the last message; "" without. */
  readonly cursor: string;
  readonly records: MessageStore;
  readonly received: MessageRate;
  readonly gaps: GapWatch;
  /** The running call; for parts that steer it. */
  readonly call: RunningCall | undefined;
  /** Returns what removes the listener again. */
  subscribe(listener: CallListener): () => void;
  /** Begins a call, unless one runs. `request` is ignored by methods that take a stream. `place`: it goes on there. */
  start(request: unknown, headers: Readonly<Record<string, string>>, place?: CallPlace): void;
  /** Whether the next calls go on without their page. */
  detach(isWanted: boolean): void;
  send(message: unknown): Promise<void>;
  halfClose(): Promise<void>;
  pause(): void;
  /** Takes so many messages a second at most: 0 is none, infinity as many as come. It holds for later calls as well. */
  slowTo(perSecond: number): void;
  resume(): void;
  cancel(): void;
  /** Ends a detached call for everybody. */
  stop(): void;
  /** Cuts the connection of the page under the call. */
  cut(): void;
  /** Cancels what runs, and tells the listeners nothing more. */
  close(): void;
}
