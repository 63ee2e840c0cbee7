import { Bell } from '../../async/index.js';
import type { Incoming } from '../../bridge/index.js';
import { RpcError } from '../../status/index.js';
import type { SendBatch } from '../../upstream/index.js';
import { SessionFault } from '../../wire/session/index.js';
import { compact } from '../socket/index.js';
import { CallWindow, type Grant } from './call-window.js';
import type { HeldBytes } from './held-bytes.js';

/** What a message costs to hold besides its bytes: without it a client could make us hold any number of empty ones. */
const MESSAGE_BYTES = 128;
/** So many bytes go to the service at once: what is decoded is held twice for a moment. */
const BATCH_BYTES = 64 * 1024;

/** What a call's messages need from its session. */
export interface CallIncomingOptions {
  /** The method takes more than one message. */
  readonly stream: boolean;
  /** The client counts bytes. */
  readonly countsBytes: boolean;
  /** The wire bytes of a message. Throws INVALID_ARGUMENT. */
  readonly decode: (data: Buffer) => Uint8Array;
  /** The bytes of the whole session. */
  readonly held: HeldBytes;
  /** Tells the client that it may send so much more. */
  readonly grant: (grant: Grant) => void;
  /** Ends the call: what came breaks a rule of the call, or does not fit. */
  readonly onViolation: (error: RpcError) => void;
}

/** The messages of a client in one call. They are kept as they came and decoded when the service has room. */
export class CallIncoming implements Incoming {
  readonly #options: CallIncomingOptions;
  readonly #window: CallWindow;
  #queue: Buffer[] = [];
  /** How many of them, from the first on, have memory of their own. */
  #compacted = 0;
  #compacting: NodeJS.Immediate | undefined;
  /** What the service was given last and has not taken yet; it still counts. */
  #given: { messages: number; bytes: number } = { messages: 0, bytes: 0 };
  #messages = 0;
  #halfClosed = false;
  #closed = false;
  #failure: RpcError | undefined;
  /** Rings when `read` may go on. */
  readonly #arrived = new Bell();

  constructor(options: CallIncomingOptions) {
    this.#options = options;
    this.#window = new CallWindow(options.stream, options.countsBytes);
  }

  /** What the client may send at this moment; `bytes` is undefined where it does not count them. */
  get granted(): { readonly messages: number; readonly bytes: number | undefined } {
    return { messages: this.#window.granted, bytes: this.#window.grantedBytes };
  }

  /** The client has sent all that it will. */
  get isComplete(): boolean {
    return this.#halfClosed || (this.#messages > 0 && !this.#options.stream);
  }

  /** A message has come. Throws `SessionFault` when the client had no credit for it. */
  receive(data: Buffer): void {
    if (this.#closed) return;
    const { held, onViolation } = this.#options;
    if (this.#halfClosed) {
      onViolation(new RpcError('UNEXPECTED_MESSAGE', 'no message may follow the half-close'));
      return;
    }
    if (!this.#window.take(data.length)) throw new SessionFault('more messages than credit');
    this.#messages += 1;
    if (!held.add(data.length + MESSAGE_BYTES)) {
      const problem = 'the messages of this session that wait for services use too much memory';
      onViolation(new RpcError('SESSION_LIMIT', problem));
      return;
    }
    this.#queue.push(data);
    // Most are gone when this turn of the event loop is over.
    this.#compacting ??= setImmediate(this.#compact);
    this.#arrived.ring();
  }

  /** No more messages will come. For a method that takes one, this alone is an empty one. */
  halfClose(): void {
    if (this.#halfClosed || this.#closed) return;
    if (!this.#options.stream && this.#messages === 0) this.receive(Buffer.alloc(0));
    this.#halfClosed = true;
    this.#arrived.ring();
  }

  async read(): Promise<SendBatch | undefined> {
    this.#consume();
    for (;;) {
      if (this.#closed) return undefined;
      if (this.#failure !== undefined) {
        // The answers that wait for credit must not hold this back.
        this.#options.onViolation(this.#failure);
        throw this.#failure;
      }
      if (this.#queue.length > 0) {
        const batch = this.#take();
        if (batch.length > 0) return batch;
        continue;
      }
      if (this.#halfClosed || (this.#messages > 0 && !this.#options.stream)) return undefined;
      await this.#arrived.wait();
    }
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    const { held } = this.#options;
    for (const data of this.#queue) held.release(data.length + MESSAGE_BYTES);
    held.release(this.#given.bytes);
    this.#queue = [];
    this.#given = { messages: 0, bytes: 0 };
    clearImmediate(this.#compacting);
    this.#arrived.ring();
  }

  /** The service had room: what it was given before is no longer ours. */
  #consume(): void {
    const { messages, bytes } = this.#given;
    if (messages === 0 || this.#closed) return;
    this.#given = { messages: 0, bytes: 0 };
    this.#options.held.release(bytes);
    const grant = this.#window.consume(messages, bytes - messages * MESSAGE_BYTES);
    if (grant !== undefined && !this.#halfClosed) this.#options.grant(grant);
  }

  #take(): Uint8Array[] {
    const batch: Uint8Array[] = [];
    let bytes = 0;
    let count = 0;
    for (const data of this.#queue) {
      if (count > 0 && bytes + data.length > BATCH_BYTES) break;
      count += 1;
      bytes += data.length + MESSAGE_BYTES;
      try {
        batch.push(this.#options.decode(data));
      } catch (reason) {
        // The messages before the bad one go first.
        this.#failure = RpcError.from(reason);
        break;
      }
    }
    this.#queue.splice(0, count);
    this.#compacted = Math.max(0, this.#compacted - count);
    this.#given = { messages: count, bytes };
    return batch;
  }

  readonly #compact = (): void => {
    this.#compacting = undefined;
    for (; this.#compacted < this.#queue.length; this.#compacted += 1) {
      this.#queue[this.#compacted] = compact(this.#queue[this.#compacted] as Buffer);
    }
  };
}
