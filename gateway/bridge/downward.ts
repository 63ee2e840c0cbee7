import type { Batch, Call, Later, Waker } from '../upstream/index.js';
import { boundForPolicy, writeBound } from './bounded-outgoing.js';
import type { Exchange } from './exchange.js';
import { Following } from './following.js';
import { tellGap } from './gap.js';
import { hold } from './hold.js';
import type { SlowReader } from './policy.js';
import type { Progress } from './progress.js';
import { Pump } from './pump.js';
import { pumpBySlowReader } from './slow-reader/index.js';

/** Moves what the service sends to the client, and counts it. */
export class Downward extends Pump<Batch> {
  readonly #exchange: Exchange;
  readonly #call: Call;
  readonly #progress: Progress;
  #first: Promise<Batch | undefined> | Batch | undefined;
  #following: Following | undefined;

  /** `first`: what has been read already, or is being read. */
  constructor(
    exchange: Exchange,
    call: Call,
    progress: Progress,
    first: Promise<Batch | undefined> | Batch | undefined,
  ) {
    super();
    this.#exchange = exchange;
    this.#call = call;
    this.#progress = progress;
    this.#first = first;
  }

  override read(waker: Waker): Promise<Batch | undefined> | Batch | undefined | Later {
    const call = this.#call;
    return this.#takeFirst() ?? (call.next === undefined ? call.read() : call.next(waker, this.#taker()));
  }

  override write(batch: Batch): Promise<unknown> | boolean | undefined {
    const { outgoing, stall } = this.#exchange;
    const room = writeBound(outgoing, batch, stall);
    // What is held until the next message of an idle stream grows old, and is copied on the way.
    if (batch.isTaken) this.#progress.batch = undefined;
    return outgoing.flushMs === 0 ? room : this.#andHold(room);
  }

  override count(batch: Batch): void {
    const progress = this.#progress;
    const { outgoing, traffic } = this.#exchange;
    progress.batch = batch;
    if (batch.gap !== undefined) tellGap(outgoing, batch.gap);
    progress.sent += batch.count;
    progress.sentBytes += batch.byteLength;
    traffic.down += batch.byteLength;
  }

  /** The same for a client that may be slow. */
  runBy(slowReader: SlowReader): Promise<unknown> {
    const { outgoing, signal, stall, onDropped } = this.#exchange;
    const down = {
      outgoing: boundForPolicy(outgoing, stall),
      signal,
      read: () => this.#takeFirst() ?? this.#call.read(),
      count: (batch: Batch) => this.count(batch),
      hold: () => hold(outgoing, signal),
      cancel: () => this.#call.cancel(),
    };
    return pumpBySlowReader(slowReader, down, (messages) => {
      this.#progress.dropped += messages;
      onDropped?.(messages);
    });
  }

  /** What has been read already: once. */
  #takeFirst(): Promise<Batch | undefined> | Batch | undefined {
    const first = this.#first;
    this.#first = undefined;
    return first;
  }

  #taker(): Following | undefined {
    const { outgoing, traffic, stall } = this.#exchange;
    const outlet = outgoing.flushMs === 0 ? outgoing.outlet : undefined;
    if (outlet !== undefined) this.#following ??= new Following(outlet, traffic, this.#progress, stall);
    return outlet && this.#following;
  }

  /** Lets the next read wait, behind the write. */
  async #andHold(written: ReturnType<Exchange['outgoing']['write']>): Promise<false | undefined> {
    if ((await written) === false) return false;
    await hold(this.#exchange.outgoing, this.#exchange.signal);
    return undefined;
  }
}
