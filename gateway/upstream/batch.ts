import { copyBytes, memory, PAGED_BYTES } from '../memory/index.js';
import type { Gap, MessageIds } from './call-start.js';
import type { SharedForms } from './shared-forms.js';

/** Hears that messages, which came as so many bytes, have been taken and need no room any more. */
export interface TakenListener {
  onTaken(wireBytes: number): void;
}

/** The boundaries of fewer messages are smaller as they are than with what the engine needs around bytes. */
const LEAST_HELD = 32;

/**
 * Messages that have arrived, at least one unless there is a `gap`: one piece of memory with boundaries, and no object for each message. Each is the bytes of one
 * protobuf message, without framing; what else lies in the memory is nobody's.
 *
 * Whoever takes messages moves `at` on. What is taken as soon as the batch is handed over, before another event, costs no copy; a batch may also be
 * held, and taken piece by piece, for as long as it has to wait. A reader that neither takes all of it nor asks for more releases it: its
 * memory may lie in pages that no collection finds.
 */
export class Batch implements Iterable<Uint8Array> {
  /** Where the messages lie. It may be another piece of memory in a later turn, with other boundaries. */
  bytes: Buffer;
  /** How many messages there are, taken or not. */
  readonly count: number;
  /** Of the messages, together. */
  readonly byteLength: number;
  /** The next message to be taken: all before it have been. */
  at = 0;
  /** Up to here messages may be taken now: `count`, unless who hands them over wants it in parts. */
  limit: number;
  /** The memory is somebody else's: what is to be kept for longer than this turn must be copied, or the batch held. */
  isBorrowed = false;
  /** In front of each message lie the five bytes that gRPC has there, as they came: a flag of 0 and the length. Not any more where it was moved. */
  isFramed = false;
  /** Their ids, of a call that is recorded and whose messages have none of their own. */
  ids: MessageIds | undefined;
  /** Messages are missing right before this batch, which may have none itself: then they are missing before what comes next, or before the end. */
  gap: Gap | undefined;
  /** Others get the same messages: in what form, where one was made already. Gone once it waits. */
  shared: SharedForms | undefined;
  /** Where each message starts, and where it ends. */
  #bounds: Bounds;
  #onTaken: TakenListener | undefined;
  #wireBytes = 0;
  /** Gives up the memory where the messages lie, if that is nobody else's. */
  #giveUp: (() => void) | undefined;
  #isSettled = false;

  /** `bounds`: where each message starts and where it ends, in turn. Both belong to the batch from then on. */
  constructor(bytes: Buffer, bounds: number[], byteLength: number) {
    this.bytes = bytes;
    this.#bounds = bounds;
    this.count = bounds.length / 2;
    this.byteLength = byteLength;
    this.limit = this.count;
  }

  /** Messages that lie anywhere: a lone one stays where it is, several are copied into one piece. */
  static of(messages: readonly Uint8Array[]): Batch {
    const bounds: number[] = [];
    let bytes = 0;
    for (const message of messages) {
      bounds.push(bytes);
      bytes += message.length;
      bounds.push(bytes);
    }
    const [first] = messages;
    const whole =
      messages.length === 1 && first !== undefined
        ? Buffer.from(first.buffer, first.byteOffset, first.length)
        : Buffer.concat(messages, bytes);
    return new Batch(whole, bounds, bytes);
  }

  /** Nothing but the news that messages are missing. */
  static ofGap(gap: Gap): Batch {
    const batch = new Batch(NO_BYTES, [], 0);
    batch.gap = gap;
    return batch;
  }

  /** Every message that may be taken has been. */
  get isTaken(): boolean {
    return this.at >= this.limit;
  }

  /** Where the message of this index starts in `bytes`. */
  startOf(index: number): number {
    return this.#bounds[2 * index] as number;
  }

  /** Where it ends. */
  endOf(index: number): number {
    return this.#bounds[2 * index + 1] as number;
  }

  /** It as a view, valid for this turn. */
  message(index: number): Uint8Array {
    return this.bytes.subarray(this.startOf(index), this.endOf(index));
  }

  /** What has not been taken will wait for long: its boundaries are kept in as few bytes as they need. */
  hold(): void {
    this.shared = undefined;
    // What is borrowed is moved at the end of the read, with its boundaries.
    if (this.isBorrowed || this.count < LEAST_HELD || !Array.isArray(this.#bounds)) return;
    const bounds = newBounds(this.#bounds.length, this.bytes.length);
    bounds.set(this.#bounds);
    this.#bounds = bounds;
  }

  /** Takes the messages that may be taken, one by one, as views. */
  *[Symbol.iterator](): Iterator<Uint8Array> {
    while (this.at < this.limit) yield this.message(this.at++);
  }

  /** Nothing more will be taken: the memory is given up, though somebody may still hold the batch. */
  release(): void {
    this.at = this.count;
    this.limit = this.count;
    this.bytes = NO_BYTES;
    this.shared = undefined;
    this.#bounds = NO_BOUNDS;
    this.settle();
  }

  /** For transports: `listener` is to hear, once, that the messages have been taken. */
  onTaken(listener: TakenListener, wireBytes: number): void {
    this.#onTaken = listener;
    this.#wireBytes = wireBytes;
  }

  /** For transports: the messages lie in memory of their own, to be given up with them. */
  owns(giveUp: () => void): void {
    this.#giveUp = giveUp;
  }

  /** For transports: the reader asks for the next messages, so these count no more. What it is still about to take is copied. */
  settle(): void {
    this.#isSettled = true;
    const giveUp = this.#giveUp;
    if (giveUp !== undefined) {
      if (this.at < this.limit) this.#move(Buffer.allocUnsafeSlow(this.#restBytes()));
      else this.bytes = NO_BYTES;
      this.#giveUp = undefined;
      giveUp();
    }
    const listener = this.#onTaken;
    this.#onTaken = undefined;
    listener?.onTaken(this.#wireBytes);
  }

  /** For transports: `bytes` is about to be written over, so what has not been taken is copied into memory of its own. */
  keep(): void {
    this.isBorrowed = false;
    this.shared = undefined;
    if (this.at >= this.count) {
      this.bytes = NO_BYTES;
      return;
    }
    const bytes = this.#restBytes();
    if (bytes < PAGED_BYTES || this.#isSettled) {
      this.#move(Buffer.allocUnsafeSlow(bytes));
      return;
    }
    const piece = memory.take(bytes);
    this.#move(piece.buffer);
    this.#giveUp = piece.release;
  }

  /** Of the messages that have not been taken. */
  #restBytes(): number {
    let bytes = 0;
    for (let index = this.at; index < this.count; index += 1)
      bytes += this.endOf(index) - this.startOf(index);
    return bytes;
  }

  #move(kept: Buffer): void {
    const { at, count, bytes } = this;
    const bounds = newBounds(2 * count, kept.length);
    let to = 0;
    for (let index = at; index < count; index += 1) {
      const start = this.startOf(index);
      const end = this.endOf(index);
      copyBytes(bytes, start, end, kept, to);
      bounds[2 * index] = to;
      to += end - start;
      bounds[2 * index + 1] = to;
    }
    this.bytes = kept;
    this.isFramed = false;
    this.#bounds = bounds;
  }
}

/** Of each message, where it starts and where it ends. A JavaScript array takes 8 bytes for each, and room for half as many more. */
type Bounds = number[] | Uint16Array | Uint32Array;

/** For so many boundaries in so many bytes. */
function newBounds(count: number, bytes: number): Uint16Array | Uint32Array {
  return bytes < 65_536 ? new Uint16Array(count) : new Uint32Array(count);
}

const NO_BYTES = Buffer.alloc(0);
const NO_BOUNDS = new Uint32Array();
