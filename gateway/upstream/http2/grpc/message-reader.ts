import { Bell } from '../../../async/index.js';
import { RpcError, type Status } from '../../../status/index.js';
import type { Batch, TakenListener } from '../../batch.js';
import type { ClientStream, WindowBudget } from '../h2/index.js';
import { BatchBuilder } from './batch-builder.js';
import { GatheredMessage } from './gathered-message.js';
import { inflateOf } from './inflate.js';
import { MessageTail } from './message-tail.js';
import { PREFIX_BYTES } from './prefix.js';
import type { ReadListener } from './read-listener.js';
import { UnreadBytes } from './unread-bytes.js';
import { WindowPace } from './window-pace.js';

export interface MessageReaderOptions {
  readonly budget: WindowBudget;
  readonly maxMessageBytes: number;
}

const NO_ENCODING = inflateOf(undefined, 0);
const OVER = Promise.resolve(undefined);

/**
 * Bytes of a stream in, messages out, and the flow-control window back to the stream.
 *
 * A reader that waits gets messages where they lie, in what the socket has read, at the end of that read. For one that does not, the bytes
 * are kept as they came, and become messages when it asks. Both count against the window until the reader asks for more, or gives the batch up: so
 * a call holds no more than its window, and a message that is being put together, which happens only while it is waited for.
 */
export class MessageReader implements TakenListener {
  readonly #pace: WindowPace;
  readonly #listener: ReadListener;
  readonly #maxMessageBytes: number;
  readonly #reader = new Bell<Batch | undefined>();
  readonly #builder: BatchBuilder;
  readonly #unread = new UnreadBytes();
  #stream: ClientStream | undefined;
  #lender: ClientStream | undefined;
  /** Batches that the reader has not asked for. */
  #ready: Batch[] = [];
  /** The one that it has got. */
  #given: Batch | undefined;
  #message: GatheredMessage | undefined;
  readonly #rest = new MessageTail();
  #fault: Status | undefined;
  #ended = false;
  /** Bytes are kept as they came although the reader waits for them, until `deliver`. */
  isHeld = false;

  constructor(options: MessageReaderOptions, listener: ReadListener) {
    this.#pace = new WindowPace(options.budget);
    this.#maxMessageBytes = options.maxMessageBytes;
    this.#listener = listener;
    this.#builder = new BatchBuilder(options.maxMessageBytes, NO_ENCODING, this);
  }

  /** The stream that gets the credit from now on. */
  attach(stream: ClientStream): void {
    this.#stream = stream;
    this.#lender = stream;
  }

  /** The stream is gone. What arrived stays readable. */
  detach(): void {
    if (this.#stream !== undefined) this.#pace.end(this.#stream);
    this.#stream = undefined;
  }

  /** How messages are compressed. */
  set encoding(name: string) {
    this.#builder.inflate = inflateOf(name, this.#maxMessageBytes);
  }

  /** Why the bytes are not gRPC, or a message is too large. Nothing is decoded after that. */
  get fault(): Status | undefined {
    return this.#fault;
  }

  /** All messages that arrived have been found. */
  get isDecoded(): boolean {
    return this.#fault !== undefined || !this.#unread.hasMessage(this.#maxMessageBytes);
  }

  /** No message waits to be read. */
  get isRead(): boolean {
    return this.#ready.length === 0 && this.isDecoded;
  }

  /** The reader waits for messages. */
  get isAwaited(): boolean {
    return this.#reader.isAwaited;
  }

  /** What is kept as it came, in bytes. */
  get keptBytes(): number {
    return this.#unread.length;
  }

  /** A message has begun and not ended. */
  get isMidMessage(): boolean {
    return this.#message !== undefined || this.#unread.length > 0 || this.#rest.bytes !== undefined;
  }

  /** See `Call.read`. */
  read(): Promise<Batch | undefined> {
    this.#given?.settle();
    this.#given = this.#ready.shift() ?? this.#decode();
    if (this.#given !== undefined) {
      this.#listener.onRead();
      return Promise.resolve(this.#given);
    }
    if (this.#fault !== undefined) this.#listener.onRead();
    return this.#ended ? OVER : this.#reader.wait();
  }

  /** Bytes of the stream, from `start` to `end` of what the socket has read. More of it may follow, then `flush`. */
  push(bytes: Buffer, start: number, end: number): void {
    if (this.#ended || this.#fault !== undefined) return;
    this.#pace.received(end - start);
    const isAway = !this.#reader.isAwaited;
    if (isAway || this.#builder.isFull || this.#holds) {
      this.#rest.moveTo(this.#unread);
      this.#unread.append(bytes, start, end);
      if (isAway && this.#stream !== undefined) this.#pace.isBehind(this.#stream, this.#unread.length);
      return;
    }
    try {
      this.#find(bytes, this.#joinRest(bytes, start), end);
    } catch (reason) {
      this.#fault = RpcError.from(reason).toStatus();
    }
  }

  /** The end of what the socket has read: the reader gets the messages in it, if it waits. */
  flush(): void {
    this.#build();
    if (this.#reader.isAwaited && this.#stream !== undefined) this.#pace.keepsUp(this.#stream);
    if (this.#ready.length === 0 && this.#reader.isAwaited && !this.#holds) {
      this.#begin();
      return;
    }
    this.#rest.moveTo(this.#unread);
    if (this.#reader.isAwaited && this.#ready.length > 0) this.#hand(this.#ready.shift() as Batch);
  }

  /** The reader gets what was kept, if it waits. */
  deliver(): void {
    if (!this.#reader.isAwaited) return;
    const batch = this.#decode();
    if (batch !== undefined) this.#hand(batch);
    else if (this.#fault !== undefined) this.#listener.onRead();
  }

  /** Nothing more arrives; what waits can still be read. */
  end(): void {
    this.#ended = true;
    if (this.isRead) this.#reader.ring(undefined);
  }

  /** Ends, and drops what waits, but for what the reader has got. True when something was dropped. */
  drop(): boolean {
    const dropped =
      this.#ready.length > 0 || !this.#builder.isEmpty || this.#unread.hasMessage(this.#maxMessageBytes);
    if (!this.#builder.isEmpty) this.#builder.build();
    const ready = this.#ready;
    this.#ready = [];
    for (const batch of ready) batch.release();
    this.#unread.drop(this.#unread.length);
    this.#message?.drop();
    this.#message = undefined;
    this.#rest.drop();
    this.end();
    return dropped;
  }

  /** A message that has begun is not held up. */
  get #holds(): boolean {
    return this.isHeld && this.#message === undefined;
  }

  #hand(batch: Batch): void {
    this.#given = batch;
    this.#reader.ring(batch);
    this.#listener.onRead();
  }

  /** Finds messages in what the socket has read. What is no whole message at its end stays there until more comes, or the read ends. */
  #find(bytes: Buffer, start: number, end: number): void {
    let at = start;
    // The reader gets what is ready and waits no more: a message that begins behind it waits with the bytes that follow.
    if (this.#ready.length > 0 && this.#message === undefined && this.#unread.length > 0) {
      this.#unread.append(bytes, start, end);
      return;
    }
    if (this.#message !== undefined || this.#unread.length > 0) at = this.#fill(bytes, at, end);
    at = this.#builder.take(bytes, at, end);
    while (this.#builder.isBlocked) {
      if (this.#builder.isFull) {
        this.#unread.append(bytes, at, end);
        return;
      }
      this.#build();
      at = this.#builder.take(bytes, at, end);
    }
    if (at === end) return;
    this.#rest.set(bytes, at, end);
  }

  /** Where the bytes of this stream go on: a rest that lies right before the frame whose bytes they are is moved over its head. */
  #joinRest(bytes: Buffer, start: number): number {
    if (this.#rest.bytes === undefined) return start;
    const joined = this.#rest.joinTo(bytes, start);
    if (joined !== undefined) return joined;
    this.#build();
    this.#rest.moveTo(this.#unread);
    return start;
  }

  /** A message has begun that the reader waits for: from now on the peer gets credit for its bytes. */
  #begin(): void {
    const { bytes, start, end } = this.#rest;
    this.#rest.drop();
    try {
      if (bytes !== undefined) this.#fill(bytes, start, end);
      else if (this.#unread.length >= PREFIX_BYTES) this.#open();
    } catch (reason) {
      this.#fault = RpcError.from(reason).toStatus();
    }
  }

  /** Goes on with the message that has begun. Returns where its part of the bytes ends. */
  #fill(bytes: Buffer, start: number, end: number): number {
    let at = start;
    if (this.#message === undefined) {
      const missing = Math.max(0, PREFIX_BYTES - this.#unread.length);
      at = Math.min(end, start + missing);
      this.#unread.append(bytes, start, at);
      if (this.#unread.length < PREFIX_BYTES) return at;
      this.#open();
    }
    const message = this.#message as unknown as GatheredMessage;
    const added = message.add(bytes, at, end);
    if (added > 0) this.onTaken(added);
    if (message.isWhole) {
      this.#message = undefined;
      this.#build();
      this.#ready.push(message.build(this.#builder));
    }
    return at + added;
  }

  /** Takes memory for a message of which at least the prefix is there, and moves there what is. */
  #open(): void {
    const before = this.#unread.length;
    this.#message = GatheredMessage.begin(this.#unread, this.#maxMessageBytes);
    this.onTaken(before - this.#unread.length);
  }

  /** The next messages of those that nobody has read; a message that is not whole is begun. */
  #decode(): Batch | undefined {
    const unread = this.#unread;
    if (this.#fault !== undefined || unread.length === 0) return undefined;
    try {
      const { piece, from, to } = unread;
      const next = this.#builder.take(piece, from, to);
      if (next > from) {
        const { isOwn } = this.#builder;
        const batch = this.#builder.build();
        // They lie in what waits: the memory of it that is behind them is given up with them.
        if (!isOwn) batch.owns(unread.lend());
        unread.drop(next - from);
        return batch;
      }
      if (unread.length < PREFIX_BYTES) return undefined;
      this.#open();
      const message = this.#message as unknown as GatheredMessage;
      if (!message.isWhole) return undefined;
      this.#message = undefined;
      return message.build(this.#builder);
    } catch (reason) {
      this.#fault = RpcError.from(reason).toStatus();
      return this.#builder.isEmpty ? undefined : this.#builder.build();
    }
  }

  /** Makes a batch of the messages that lie in what the socket has read. */
  #build(): void {
    if (this.#builder.isEmpty) return;
    const { isOwn } = this.#builder;
    const batch = this.#builder.build();
    this.#ready.push(batch);
    if (!isOwn && this.#lender !== undefined) {
      batch.isBorrowed = true;
      this.#lender.lend(batch);
    }
  }

  onTaken(bytes: number): void {
    this.#stream?.credit(bytes);
  }
}
