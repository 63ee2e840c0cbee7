import { Bell, createDeferred } from '../../async/index.js';
import type { Outgoing } from '../../bridge/index.js';
import type { ByteWriter } from '../../codec/index.js';
import { Code, type Metadata, RpcError, type Status } from '../../status/index.js';
import { Batch, type CallStart, type Gap } from '../../upstream/index.js';
import { cursorFromId } from '../../wire/index.js';
import { joinMetadata, type ServerFrame } from '../../wire/session/index.js';
import type { ExchangeHandle, MethodRequest } from '../exchange/index.js';
import { passedOn, scratch } from '../message/index.js';
import { addCredit } from './credit-rules.js';
import type { SessionFormat } from './session-format.js';
import type { QueuedWriter, WriteQueue } from './write-queue.js';

/** What one turn writes, and the message that reaches it as a whole: what a call delays the others by. */
const TURN_BYTES = 8 * 1024;
/** The largest number that a frame holds. */
const MAX_COUNT = 2 ** 32 - 1;
const NOTHING = Batch.of([]);

/** What a call's answers need from its session. */
export interface CallOutgoingOptions {
  readonly id: number;
  readonly request: MethodRequest;
  readonly format: SessionFormat;
  readonly queue: WriteQueue;
  /** What the client has granted at first: messages, and bytes of them or 0 where it does not count them. */
  readonly credit: number;
  readonly creditBytes: number;
  readonly exchange: ExchangeHandle;
  /** Sends the frames of messages that a writer has. */
  readonly send: (frames: ByteWriter) => void;
  /** Sends another frame; resolves when it has left this process. */
  readonly control: (frame: ServerFrame, onLeft?: () => void) => void;
  /** Hears the names of metadata that are left out. */
  readonly onLeftOut: (names: readonly string[]) => void;
  /** It is known where the messages begin, so the call is recorded. */
  readonly onStart?: (() => void) | undefined;
}

/**
 * The answers of one call: messages by credit and turn, and the end. A batch is held until the client has granted credit for all
 * of it, and nothing is read from the service meanwhile.
 */
export class CallOutgoing implements Outgoing, QueuedWriter {
  // There is no head: `opened` has been sent, and `headers` go their own way.
  readonly headWaitMs = Number.POSITIVE_INFINITY;
  readonly flushMs: number;
  readonly #options: CallOutgoingOptions;
  readonly #encode: ReturnType<SessionFormat['encoder']>;
  #credit: number;
  /** Negative after a message that was larger than it; infinite where the client does not count bytes. */
  #creditBytes: number;
  #batch: Batch = NOTHING;
  /** Ends the wait of `write`. */
  #settle: ((failure?: unknown) => void) | undefined;
  /** Rings when `room` may have another answer. */
  readonly #roomChanged = new Bell();
  #dropped = 0;
  #lost = false;
  #ended = false;

  constructor(options: CallOutgoingOptions) {
    this.flushMs = options.request.limits.flushMs;
    this.#options = options;
    const { id, request, creditBytes } = options;
    this.#encode = options.format.encoder(id, request, creditBytes > 0);
    this.#credit = options.credit;
    this.#creditBytes = creditBytes > 0 ? creditBytes : Number.POSITIVE_INFINITY;
    options.exchange.signal.addEventListener('abort', this.#stop);
  }

  /** The service has sent something. */
  hasAnswer = false;

  /** Of the queue. */
  place = 0;
  wroteTo = 0;
  isQueued = false;

  /** `end` was sent, or is about to be. */
  get ended(): boolean {
    return this.#ended;
  }

  head(): undefined {}

  headers(metadata: Metadata): void {
    if (this.#ended) return;
    const { id, control, onLeftOut } = this.#options;
    const { pairs, leftOut } = passedOn(metadata);
    onLeftOut(leftOut);
    control({ kind: 'headers', id, metadata: joinMetadata(pairs) });
  }

  start({ gap }: CallStart): void {
    if (gap !== undefined) this.gap(gap);
    this.#options.onStart?.();
  }

  /** At once: it may be long until the next message. Ids are as in `cursor` of messages, not escaped. */
  gap({ requested, resumed }: Gap): void {
    if (this.#ended) return;
    const { id, control } = this.#options;
    control({ kind: 'gap', id, requested: cursorFromId(requested), resumed: cursorFromId(resumed) });
  }

  write(batch: Batch): Promise<void> | false | undefined {
    if (this.#options.exchange.signal.aborted) return false;
    this.hasAnswer = true;
    this.#batch = batch;
    let failed = false;
    let failure: unknown;
    // Constants first: see `scripts/check-closures.mjs`.
    const settleNow = (reason?: unknown) => {
      failed = reason !== undefined;
      failure = reason;
    };
    this.#settle = settleNow;
    if (this.#hasCredit) this.#options.queue.add(this);
    if (failed) throw failure;
    if (this.#batch === NOTHING) return undefined;
    return new Promise<void>((resolve, reject) => {
      const settle = (reason?: unknown) => (reason === undefined ? resolve() : reject(reason));
      this.#settle = settle;
    });
  }

  room(): number | Promise<void> {
    const { exchange, queue } = this.#options;
    // Then `write` says so.
    if (exchange.signal.aborted) return 1;
    if (this.#batch.isTaken && this.#hasCredit && queue.hasRoomFor(this)) return this.#credit;
    const changed = this.#roomChanged.wait();
    if (this.#hasCredit) queue.add(this);
    return changed;
  }

  roomBytes(): number {
    return this.#creditBytes;
  }

  creditLeft(): { messages: number; bytes: number | undefined } {
    const bytes = this.#creditBytes === Number.POSITIVE_INFINITY ? undefined : this.#creditBytes;
    return { messages: this.#credit, bytes };
  }

  /** The next message may go; the one that crosses the bytes goes as a whole. */
  get #hasCredit(): boolean {
    return this.#credit > 0 && this.#creditBytes > 0;
  }

  get isReady(): boolean {
    return !this.#batch.isTaken && this.#hasCredit;
  }

  takeTurn(): number {
    let failure: unknown;
    let bytes = 0;
    if (this.isReady) {
      this.#tellDropped();
      try {
        this.#appendTurn();
      } catch (reason) {
        failure = reason;
      }
      // What is good goes before the call ends with what is not.
      bytes = scratch.length;
      if (bytes > 0) {
        this.#options.send(scratch);
        // It takes a part of what waits, if slowly.
        this.#options.exchange.stall?.clientTook();
      }
    }
    if (failure !== undefined || this.#batch.isTaken) this.#finish(failure);
    return bytes;
  }

  #appendTurn(): void {
    const batch = this.#batch;
    while (!batch.isTaken && this.#hasCredit) {
      const start = batch.startOf(batch.at);
      const end = batch.endOf(batch.at);
      const mark = scratch.length;
      if (mark >= TURN_BYTES) return;
      try {
        this.#encode(batch.bytes, start, end, scratch, batch.ids?.of(batch.at));
      } catch (failure) {
        scratch.length = mark;
        throw failure;
      }
      this.#credit -= 1;
      this.#creditBytes -= end - start;
      batch.at += 1;
    }
  }

  /**
   * The client takes so many more messages, and bytes of them, which are ignored where it does not count them. Throws `SessionFault`
   * when that is more than there may be.
   */
  grant(messages: number, bytes: number): void {
    this.#credit = addCredit(this.#credit, messages, 'messages');
    if (this.#creditBytes !== Number.POSITIVE_INFINITY) {
      this.#creditBytes = addCredit(this.#creditBytes, bytes, 'bytes');
    }
    if (!this.#hasCredit) return;
    if (!this.#batch.isTaken || this.#roomChanged.isAwaited) this.#options.queue.add(this);
  }

  /** So many messages were not delivered, because the client was slow: told before the next message or the end. */
  dropped(count: number): void {
    this.#dropped += count;
  }

  async end(status: Status): Promise<void> {
    if (this.#ended) return;
    const { id, control, onLeftOut } = this.#options;
    this.#tellDropped();
    // Whatever still waits comes too late: nothing may follow the end.
    this.#giveUp(true);
    this.#ended = true;
    const left = createDeferred();
    const { pairs, leftOut } = passedOn(status.trailers);
    onLeftOut(leftOut);
    const trailers = joinMetadata(pairs);
    // Some servers spell out that OK means "OK".
    const shown = status.code === Code.OK ? { ...status, message: '' } : status;
    const truncated = status.truncated || this.#lost;
    control({ kind: 'end', id, status: shown, trailers, truncated }, left.resolve);
    await left.promise;
  }

  async drain(): Promise<void> {
    await this.end(new RpcError('DRAINING', 'the gateway is shutting down').toStatus());
  }

  /** Nothing of the call remains: removes what could still wake it. */
  close(): void {
    this.#ended = true;
    const { exchange, queue } = this.#options;
    exchange.signal.removeEventListener('abort', this.#stop);
    queue.remove(this);
  }

  #tellDropped(): void {
    const { id, control } = this.#options;
    while (this.#dropped > 0) {
      const count = Math.min(this.#dropped, MAX_COUNT);
      control({ kind: 'dropped', id, count });
      this.#dropped -= count;
    }
  }

  #finish(failure?: unknown): void {
    this.#batch.release();
    this.#batch = NOTHING;
    const settle = this.#settle;
    this.#settle = undefined;
    settle?.(failure);
    this.#roomChanged.ring();
  }

  readonly #stop = (): void => {
    const { reason } = this.#options.exchange.signal;
    // A client that cancels does not want them.
    this.#giveUp(!(reason instanceof RpcError && reason.code === Code.CANCELLED));
  };

  /** Ends every wait. What waited in `write`, or outside for `room`, is lost to a client that wanted it. */
  #giveUp(isWanted: boolean): void {
    this.#options.queue.remove(this);
    const isWaiting = !this.#batch.isTaken || this.#roomChanged.isAwaited;
    if (isWaiting && isWanted) this.#lost = true;
    this.#finish();
  }
}
