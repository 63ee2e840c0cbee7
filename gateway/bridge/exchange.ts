import type { Metadata, RpcError, Status } from '../status/index.js';
import type { Batch, CallStart, CancelSignal, Gap, Outlet, SendBatch } from '../upstream/index.js';
import type { SlowReader } from './policy.js';
import type { Progress } from './progress.js';
import type { StallLimit } from './stall-limit.js';

/** Where the messages of a client come from, as wire bytes. */
export interface Incoming {
  /**
   * The next messages, everything that has arrived; `undefined` when no more will come (half-close) or after
   * `close`. Rejects with an `RpcError` when what came is not a message. One `read` at a time. What is here already may come without a promise.
   */
  read(): Promise<SendBatch | undefined> | SendBatch | undefined;
  /** Nobody will read any more: ends a pending `read`, drops what is held and removes every listener. */
  close(): void;
}

/** Where the answer goes: a place to write that says when there is room. */
export interface Outgoing {
  /**
   * How long `head` may wait for the first sign from the service. `Infinity`: until the first message or the
   * end, so that the head can tell which it was.
   */
  readonly headWaitMs: number;
  /**
   * The least time between two writes, in milliseconds: what arrives meanwhile leaves together. 0: every batch leaves at once. A
   * message after a silence always does.
   */
  readonly flushMs: number;
  /**
   * Before the first `write`: the service answers. `metadata` is its initial metadata if it came in time.
   * Not called when the call is over before: then `end` decides what the head is. `false` says that no more is wanted, which cancels the
   * call; then there is no `write`.
   */
  head(metadata: Metadata | undefined): false | undefined;
  /**
   * Where the messages begin, of a call that knows it; before `head` and the first `write`. A gap in it is told here, and `gap` is not called for it.
   * Absent: the surface has no place to say it, and a call with a gap ends.
   */
  start?(start: CallStart): void;
  /** The initial metadata of the service, as soon as it has arrived; before the first `write`. Not called when there is none. */
  headers?(metadata: Metadata): void;
  /**
   * Resolves when there is room for more, or when the client has left; returns nothing when there is room at once, and `false`
   * when no more is wanted, which cancels the call. Throws `RpcError` for bytes that are no message.
   */
  write(batch: Batch): Promise<void> | false | undefined;
  /** Where messages may go that others of its surface get too, in place of `write`; the same object each time. Absent, and `undefined`: nowhere, now. */
  readonly outlet?: Outlet | undefined;
  /** The client has all that it wanted, although the call is not over: that the call is cancelled then, or its client has gone, is no failure. Absent: only an end is all. */
  readonly hasAll?: boolean;
  /**
   * Where the client says how much it takes (credit): how many messages it takes now, at least 1, or, when it takes none, a promise that
   * resolves when that may have changed or the client has left. What is written beyond it waits in the surface, where nothing newer can
   * replace it. Absent: `write` alone says when there is room.
   */
  room?(): number | Promise<void>;
  /**
   * Right after `room` has said that the client takes messages: how many bytes of them, at least 1; the message that crosses it is still
   * taken. Absent: any number.
   */
  roomBytes?(): number;
  /**
   * Messages are missing before the next one, or before the end. Absent: the surface has no place to say so, and the call ends with OUT_OF_RANGE.
   */
  gap?(gap: Gap): void;
  /** How much the client still takes of what it has granted; below 0 it owes. `bytes` is `undefined` where it counts messages alone. Absent: there is no credit. */
  creditLeft?(): { readonly messages: number; readonly bytes: number | undefined };
  /** So many messages were not delivered since the last time: the client is told before the next message or the end. */
  dropped?(count: number): void;
  /**
   * The last thing: how the call ended, and the failure on this side of it, if it was one. Resolves when the client has
   * everything, or has left.
   */
  end(status: Status, failure: RpcError | undefined): Promise<void>;
  /** Instead of `end`: the gateway is draining, so the client is sent elsewhere in the way of its surface. */
  drain(): Promise<void>;
}

/**
 * Why an exchange was aborted; the `reason` of its signal. An `RpcError`: the client broke a rule, and is told so as
 * the end of the call.
 */
export type AbortCause = 'left' | 'draining' | RpcError;

/** Bytes of messages as protobuf, added to as they are taken: a stream may never end. */
export interface Traffic {
  /** From clients. */
  up: number;
  /** From the service. */
  down: number;
}

/** One conversation with a client, whatever the surface, as the bridge moves it. */
export interface Exchange {
  readonly incoming: Incoming;
  readonly outgoing: Outgoing;
  /** Aborts with an `AbortCause`: the client has left, or the gateway is draining. */
  readonly signal: CancelSignal;
  /** What becomes of messages that come faster than the client takes them. Absent: the service waits (`pause`). */
  readonly slowReader?: SlowReader | undefined;
  /** Bounds how long either side may stall. Absent: something else bounds it. */
  readonly stall?: StallLimit | undefined;
  /** What is counted while it runs, for who looks at it. Absent: the bridge counts for its report alone. */
  readonly progress?: Progress | undefined;
  /** Where the bytes of this exchange are counted. */
  readonly traffic: Traffic;
  /** Hears at once of messages that will not be delivered, for the metrics: a stream may never end. */
  readonly onDropped?: ((messages: number) => void) | undefined;
}
