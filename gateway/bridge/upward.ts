import type { Call, SendBatch } from '../upstream/index.js';
import type { Exchange } from './exchange.js';
import type { Progress } from './progress.js';
import { Pump } from './pump.js';

/** Moves what a client sends to the call, and counts it. */
export class Upward extends Pump<SendBatch> {
  readonly #exchange: Exchange;
  readonly #call: Call;
  readonly #progress: Progress;

  constructor(exchange: Exchange, call: Call, progress: Progress) {
    super();
    this.#exchange = exchange;
    this.#call = call;
    this.#progress = progress;
  }

  override read(): Promise<SendBatch | undefined> | SendBatch | undefined {
    const { stall, incoming } = this.#exchange;
    stall?.serviceTook();
    return incoming.read();
  }

  override write(batch: SendBatch): Promise<boolean> | boolean {
    const room = this.#call.write(batch);
    // What it takes at once it has not stalled for, and needs no timer.
    if (room instanceof Promise) this.#exchange.stall?.serviceGiven();
    return room;
  }

  override count(batch: SendBatch): void {
    const progress = this.#progress;
    const bytes = bytesOf(batch);
    progress.received += batch.length;
    progress.receivedBytes += bytes;
    this.#exchange.traffic.up += bytes;
  }
}

/** The bytes of the messages that a client sends. */
export function bytesOf(batch: SendBatch): number {
  let bytes = 0;
  for (const message of batch) {
    if (message instanceof Uint8Array) bytes += message.byteLength;
    else for (const piece of message) bytes += piece.byteLength;
  }
  return bytes;
}
