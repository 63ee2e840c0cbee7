import type { CancelSignal, Later, Waker } from '../async/index.js';
import type { Metadata, Status } from '../status/index.js';
import type { Batch } from './batch.js';
import type { CallStart } from './call-start.js';
import type { Taker } from './taker.js';

/** Messages to be sent, at least one: the bytes of each, or those in pieces that belong one behind the other, which need not be joined first. */
export type SendBatch = readonly (Uint8Array | readonly Uint8Array[])[];

export interface CallOptions {
  /**
   * What to send. The caller has checked names and values; the transport adds only what gRPC itself needs. A
   * name that belongs to gRPC or HTTP (`grpc-*`, `te`, `connection`, ...) ends the call with INVALID_ARGUMENT.
   */
  readonly metadata: Metadata;
  /** When the call ends with DEADLINE_EXCEEDED, in epoch milliseconds. Absent: never. */
  readonly deadline?: number | undefined;
  /** Ends the call with CANCELLED, whatever it is waiting for. Its listener is removed when the call is over. */
  readonly signal: CancelSignal;
  /**
   * Largest message to receive in this call, for what is read once and not passed on. Default: that of the transport. The transport on
   * `@grpc/grpc-js` knows one limit for its channels and keeps to that.
   */
  readonly maxMessageBytes?: number;
}

/**
 * One RPC, bytes only, every kind alike: a unary call writes one batch of one message, half-closes and reads one.
 * Nothing here throws or rejects: whatever goes wrong is the `status`.
 *
 *     open -> headers -> read ... read -> undefined -> status
 *        \        \          \
 *         +--------+----------+-- cancel, signal, deadline, failure: read gives what is left, then undefined
 */
export interface Call {
  /**
   * Where the messages begin, of a call that knows it: clients hear of it before any data. Settles before the first `read` does; `undefined` when
   * the call ended before. Absent: the service alone knows.
   */
  readonly start?: Promise<CallStart | undefined>;
  /** The initial metadata; `undefined` when the call ended without any. Resolves before the first `read` does. */
  readonly headers: Promise<Metadata | undefined>;
  /**
   * How the call ended. Resolves exactly once, after the last message has been read or dropped: a caller that
   * does not read to the end calls `cancel`, which drops the rest.
   */
  readonly status: Promise<Status>;
  /**
   * The next messages: what has arrived and not been read, never waiting for more than one. The batch before counts as taken from then on.
   * `undefined` once the call is over and everything has been read. One `read` at a time. While it is not read,
   * the transport holds at most its configured bytes and then stops the service's own writes.
   */
  read(): Promise<Batch | undefined>;
  /**
   * The same without a promise: `LATER` when there is nothing to read yet, and then `waker` is woken once, as soon as to ask again is worth it. Neither of the two
   * while the other waits. `taker`: messages that others read too may be given to it instead, for as long as it has room. Absent: there is `read` alone.
   */
  next?(waker: Waker, taker?: Taker): Batch | undefined | Later | Promise<Batch | undefined>;
  /** What a `taker` was given so far is told it now. Absent: there is nothing to tell. */
  settle?(): void;
  /**
   * Sends messages in order. `true` when there is room for more, `false` once the call is over (what was given is then dropped); a promise
   * of that only where there is something to wait for. One `write` at a time. The bytes belong to the call from then on: they are sent
   * later, so they must never change, and their memory may be given back: a view of them is empty then.
   */
  write(batch: SendBatch): Promise<boolean> | boolean;
  /** No more requests will come. Calling it again does nothing. */
  halfClose(): void;
  /**
   * Ends the call with CANCELLED unless it is over already; messages that were not read are dropped either
   * way. The code that opens a call calls this in `finally`.
   */
  cancel(): void;
  /** Ends it for all who read it, where it would go on after a `cancel`. Absent: it never does. */
  stop?(): void;
  /** Where bytes of the answer wait now. Absent: that is not known. */
  waiting?(): CallWaiting | undefined;
}

/** What a call holds of its answer, and what the service may still send, both in bytes on the wire. */
export interface CallWaiting {
  /** Has arrived, and the reader has not taken it. */
  readonly unreadBytes: number;
  /** What may be under way: the flow-control window of HTTP/2. */
  readonly windowBytes: number;
  /** What the service may send before its own writes stop, as far as this call is concerned. */
  readonly windowLeftBytes: number;
}

/** A way to reach one upstream: many calls over few connections. */
export interface Transport {
  /** Opens a call of a method ("/pkg.Service/Method"). Never throws; connecting happens behind it. */
  open(method: string, options: CallOptions): Call;
  /** How many connections to the upstream stand now, for metrics. */
  readonly connections: number;
  /** How many calls may be open at once: what we take, and what the peer has said that it takes. */
  readonly places: number;
  /** Whether a connection stands. Tries to connect, and waits up to `timeoutMs`. For readiness. */
  ready(timeoutMs: number): Promise<boolean>;
  /** Ends every call with CANCELLED and every connection. Resolves when nothing is left. */
  close(): Promise<void>;
}
