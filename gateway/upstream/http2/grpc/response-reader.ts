import { RpcError, type Status } from '../../../status/index.js';
import type { ReceivedMessages } from '../../received-messages.js';
import type { ClientStream, WindowBudget } from '../h2/index.js';
import { Deframer } from './deframer.js';
import { type Inflate, inflateOf } from './inflate.js';

export interface ResponseReaderOptions {
  readonly budget: WindowBudget;
  readonly maxMessageBytes: number;
  readonly readAheadBytes: number;
  /** What came is no gRPC, or too large. Nothing is read after that. */
  readonly onBroken: (status: Status) => void;
}

const noEncoding = inflateOf(undefined, 0);

/**
 * A reader that takes half a window in this time, in milliseconds, may be slowed by it: with a window W a service can send W each round
 * trip, and this is what round trips between a gateway and its services stay below.
 */
const PACE_MS = 50;

/**
 * The bytes of a stream as messages for one reader. While what waits for it is at its bound, the peer gets no credit, and what it may still send, at most a
 * window, waits in the deframer.
 */
export class ResponseReader {
  readonly #options: ResponseReaderOptions;
  readonly #messages: ReceivedMessages;
  readonly #deframer: Deframer;
  #stream: ClientStream | undefined;
  #inflate: Inflate = noEncoding;
  #paused = false;
  #decoding = false;
  /** Received while the reader kept up, since when. */
  #freshBytes = 0;
  #freshSince = 0;
  /** Received while the reader was away: credit for it is due when it comes back. */
  #owedBytes = 0;

  constructor(options: ResponseReaderOptions, messages: ReceivedMessages) {
    this.#options = options;
    this.#messages = messages;
    this.#deframer = new Deframer(options.maxMessageBytes);
  }

  /** The stream that gets the credit. */
  attach(stream: ClientStream): void {
    this.#stream = stream;
  }

  /** How messages are compressed. */
  set encoding(name: string) {
    this.#inflate = inflateOf(name, this.#options.maxMessageBytes);
  }

  /** Everything that came has been handed on. */
  get isEmpty(): boolean {
    return this.#deframer.isEmpty;
  }

  /** A message has begun and not ended. */
  get isMidMessage(): boolean {
    return this.#deframer.isMidMessage;
  }

  /** Bytes have come. They may change afterwards. */
  push(bytes: Uint8Array): void {
    this.#freshBytes += bytes.length;
    this.#deframer.push(bytes, this.#messages.isAwaited);
    this.decode();
    this.#deframer.keep();
    if (this.#paused) this.#owedBytes += bytes.length;
    else this.#stream?.credit(bytes.length);
  }

  /** The messages was emptied. */
  onTaken(): void {
    if (!this.#paused) this.#growWindow();
    if (this.#decoding) return;
    this.decode();
    if (!this.#isFull) this.resume();
  }

  /** Hands on what can be decoded and held. */
  decode(): void {
    const messages = this.#messages;
    const deframer = this.#deframer;
    this.#decoding = true;
    try {
      for (;;) {
        if (this.#isFull && !messages.deliver()) {
          this.#pause();
          return;
        }
        const message = deframer.next();
        if (message === undefined) return;
        messages.push(deframer.isCompressed ? this.#inflate(message) : message);
      }
    } catch (reason) {
      this.#options.onBroken(RpcError.from(reason).toStatus());
    } finally {
      this.#decoding = false;
    }
  }

  /** The peer gets the credit that was held back. */
  resume(): void {
    if (!this.#paused) return;
    this.#paused = false;
    this.#stream?.credit(this.#owedBytes);
    this.#owedBytes = 0;
  }

  get #isFull(): boolean {
    const messages = this.#messages;
    return !messages.isEmpty && messages.bytes + this.#deframer.gatheredBytes >= this.#options.readAheadBytes;
  }

  #pause(): void {
    this.#paused = true;
    this.#freshBytes = 0;
  }

  /** A reader that keeps up gets a window that does not slow the service. */
  #growWindow(): void {
    const stream = this.#stream;
    if (stream === undefined) return;
    const now = performance.now();
    if (this.#freshBytes >= stream.windowBytes / 2) this.#options.budget.grow(stream);
    else if (now - this.#freshSince < PACE_MS) return;
    this.#freshBytes = 0;
    this.#freshSince = now;
  }
}
