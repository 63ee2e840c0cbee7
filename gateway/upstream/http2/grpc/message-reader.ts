import { RpcError, type Status } from '../../../status/index.js';
import type { Batch } from '../../batch.js';
import { ReceivedMessages } from '../../received-messages.js';
import type { ClientStream, WindowBudget } from '../h2/index.js';
import { Deframer } from './deframer.js';
import { type Inflate, inflateOf } from './inflate.js';

export interface MessageReaderOptions {
  readonly budget: WindowBudget;
  readonly maxMessageBytes: number;
  readonly readAheadBytes: number;
}

const NO_ENCODING = inflateOf(undefined, 0);

/**
 * A reader that takes half a window in this time, in milliseconds, may be slowed by it: with a window W a service can send W each round
 * trip, and this is what round trips between a gateway and its services stay below.
 */
const PACE_MS = 50;

/**
 * Bytes of a stream in, messages out: decodes what arrives, keeps it for the one who calls `read`, and gives the flow-control window
 * back to the stream. While `readAheadBytes` of messages wait, the peer gets no credit; what it may still send, at most a window, waits
 * undecoded.
 */
export class MessageReader {
  readonly #options: MessageReaderOptions;
  readonly #onTaken: () => void;
  readonly #messages: ReceivedMessages;
  readonly #deframer: Deframer;
  #stream: ClientStream | undefined;
  #inflate: Inflate = NO_ENCODING;
  #fault: Status | undefined;
  /** `decode` runs: it goes on by itself when messages are taken meanwhile. */
  #decoding = false;
  /** Received while messages were taken in time, since when. */
  #freshBytes = 0;
  #freshSince = 0;
  /** Received while too much waited: credit for it is due once that was read. */
  #owedBytes = 0;

  /** `onTaken` is called each time the waiting messages have been read. */
  constructor(options: MessageReaderOptions, onTaken: () => void) {
    this.#options = options;
    this.#onTaken = onTaken;
    this.#messages = new ReceivedMessages(() => this.#taken());
    this.#deframer = new Deframer(options.maxMessageBytes);
  }

  /** The stream that gets the credit from now on. */
  attach(stream: ClientStream): void {
    this.#stream = stream;
  }

  /** The stream is gone. What arrived stays readable. */
  detach(): void {
    if (this.#stream !== undefined) this.#options.budget.delete(this.#stream);
    this.#stream = undefined;
  }

  /** How messages are compressed. */
  set encoding(name: string) {
    this.#inflate = inflateOf(name, this.#options.maxMessageBytes);
  }

  /** Why the bytes are not gRPC, or a message is too large. Nothing is decoded after that. */
  get fault(): Status | undefined {
    return this.#fault;
  }

  /** Everything that arrived has been decoded, as far as it can be. */
  get isDecoded(): boolean {
    return this.#fault !== undefined || this.#deframer.isEmpty;
  }

  /** No message waits to be read. */
  get isRead(): boolean {
    return this.#messages.isEmpty;
  }

  /** A message has begun and not ended. */
  get isMidMessage(): boolean {
    return this.#deframer.isMidMessage;
  }

  /** See `Call.read`. */
  read(): Promise<Batch | undefined> {
    return this.#messages.read();
  }

  /** Bytes of the stream, which may change afterwards. */
  push(bytes: Uint8Array): void {
    this.#freshBytes += bytes.length;
    this.#deframer.push(bytes, this.#messages.isAwaited);
    const isHeld = !this.decode();
    this.#deframer.keep();
    if (isHeld || this.#owedBytes > 0) this.#owedBytes += bytes.length;
    else this.#stream?.credit(bytes.length);
  }

  /** Decodes as much as may wait. False when something is left because too much waits already. */
  decode(): boolean {
    const messages = this.#messages;
    const deframer = this.#deframer;
    this.#decoding = true;
    try {
      for (;;) {
        if (this.#isFull && !messages.deliver()) {
          this.#freshBytes = 0;
          return false;
        }
        const message = deframer.next();
        if (message === undefined) return true;
        messages.push(deframer.isCompressed ? this.#inflate(message) : message);
      }
    } catch (reason) {
      this.#fault = RpcError.from(reason).toStatus();
      return true;
    } finally {
      this.#decoding = false;
    }
  }

  /** Nothing more arrives; what waits can still be read. */
  end(): void {
    this.#messages.end();
  }

  /** Ends, and drops what waits. True when something was dropped. */
  drop(): boolean {
    return this.#messages.drop();
  }

  get #isFull(): boolean {
    const messages = this.#messages;
    return !messages.isEmpty && messages.bytes + this.#deframer.gatheredBytes >= this.#options.readAheadBytes;
  }

  #taken(): void {
    if (this.#owedBytes === 0) this.#growWindow();
    if (!this.#decoding && this.#fault === undefined) {
      this.decode();
      if (this.#owedBytes > 0 && !this.#isFull) this.#repay();
    }
    this.#onTaken();
  }

  /** The peer gets the credit that was held back. */
  #repay(): void {
    this.#stream?.credit(this.#owedBytes);
    this.#owedBytes = 0;
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
