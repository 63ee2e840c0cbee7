import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Incoming, Outgoing } from '../../bridge/index.js';
import { type Metadata, RpcError, type Status } from '../../status/index.js';
import type { Batch, SendBatch } from '../../upstream/index.js';
import { cutConnection } from '../liveness/index.js';

/** What a pause that lasts too long does. */
export interface StallLimit {
  /** The bound, in milliseconds. */
  readonly maxPauseMs: number;
  /** Ends the exchange, and says why. */
  readonly abort: (reason: RpcError) => void;
}

/** Cuts a response that has been written and is not taken. Call it when nothing more will be written. */
export function boundEnd(response: ServerResponse, socket: Socket, maxPauseMs: number): void {
  if (response.destroyed || socket.destroyed) return;
  const timer = setTimeout(() => cutConnection(socket), maxPauseMs);
  response.once('close', () => clearTimeout(timer));
}

/** An outgoing whose waits for room, and for the end to leave, are bounded: then the exchange is aborted and `cut` called. */
export function boundOutgoing(inner: Outgoing, stall: StallLimit, cut: () => void): Outgoing {
  return new BoundOutgoing(inner, stall, cut);
}

/** An incoming that aborts the exchange when what it gave is not taken in time. */
export function boundIncoming(inner: Incoming, stall: StallLimit): Incoming {
  return new BoundIncoming(inner, stall);
}

class BoundOutgoing implements Outgoing {
  readonly headWaitMs: number;
  readonly flushMs: number;
  readonly room?: NonNullable<Outgoing['room']>;
  readonly dropped?: NonNullable<Outgoing['dropped']>;
  readonly #inner: Outgoing;
  readonly #stall: StallLimit;
  readonly #cut: () => void;

  constructor(inner: Outgoing, stall: StallLimit, cut: () => void) {
    this.headWaitMs = inner.headWaitMs;
    this.flushMs = inner.flushMs;
    // Whether there is one says what the surface can do.
    if (inner.room) this.room = () => inner.room?.() ?? 1;
    if (inner.dropped) this.dropped = (count) => inner.dropped?.(count);
    this.#inner = inner;
    this.#stall = stall;
    this.#cut = cut;
  }

  head(metadata: Metadata | undefined): false | undefined {
    return this.#inner.head(metadata);
  }

  write(batch: Batch): Promise<void> | false | undefined {
    const room = this.#inner.write(batch);
    return room instanceof Promise ? this.#within(room) : room;
  }

  end(status: Status, failure: RpcError | undefined): Promise<void> {
    return this.#within(this.#inner.end(status, failure));
  }

  drain(): Promise<void> {
    return this.#within(this.#inner.drain());
  }

  /** `inner` promises that its waits end when the client is gone, which is what `cut` makes it. */
  async #within(wait: Promise<void>): Promise<void> {
    const { maxPauseMs, abort } = this.#stall;
    const timer = setTimeout(() => {
      abort(
        new RpcError('CLIENT_STALLED', `the client read nothing for ${maxPauseMs} ms: see --max-pause-ms`),
      );
      this.#cut();
    }, maxPauseMs);
    try {
      await wait;
    } finally {
      clearTimeout(timer);
    }
  }
}

class BoundIncoming implements Incoming {
  readonly #inner: Incoming;
  readonly #stall: StallLimit;
  /** One for all waits: put off at each batch, which costs less than a new one. */
  #timer: NodeJS.Timeout | undefined;
  #isHeld = false;
  #isClosed = false;

  constructor(inner: Incoming, stall: StallLimit) {
    this.#inner = inner;
    this.#stall = stall;
  }

  async read(): Promise<SendBatch | undefined> {
    this.#isHeld = false;
    const batch = await this.#inner.read();
    this.#isHeld = batch !== undefined && !this.#isClosed;
    if (!this.#isHeld) clearTimeout(this.#timer);
    else if (this.#timer === undefined) this.#timer = setTimeout(this.#look, this.#stall.maxPauseMs).unref();
    else this.#timer.refresh();
    return batch;
  }

  close(): void {
    this.#isClosed = true;
    this.#isHeld = false;
    clearTimeout(this.#timer);
    this.#inner.close();
  }

  readonly #look = () => {
    const { maxPauseMs, abort } = this.#stall;
    if (this.#isHeld)
      abort(
        new RpcError(
          'SERVICE_STALLED',
          `the service accepted nothing for ${maxPauseMs} ms: see --max-pause-ms`,
        ),
      );
  };
}
