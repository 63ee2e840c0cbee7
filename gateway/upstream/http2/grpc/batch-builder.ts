import { Batch, type TakenListener } from '../../batch.js';
import type { Inflate } from './inflate.js';
import { assertPrefix, lengthInPrefix, PREFIX_BYTES } from './prefix.js';

/** More messages are another batch: where they are empty, their boundaries would cost more than they. */
const MAX_MESSAGES = 2048;
/**
 * Lists for boundaries that are being found: as many as streams have messages in one read. One that begins empty for each batch, and grows, costs three times what
 * it is in the end, and the engine comes to make it where only a full collection looks: all that it grows to is then kept until there is one.
 */
const spareBounds: number[][] = [];
const MOST_SPARE = 8;
const NO_BOUNDS: number[] = [];
/** What inflated messages may have together before they are handed over. */
const MAX_INFLATED_BYTES = 64 * 1024;

/** In place of a list that nothing has been put into: a call that waits for messages has none. Never written to. */
const NO_MESSAGES: Uint8Array[] = [];

/**
 * Finds messages in the bytes of a stream and makes batches of them. Those that lie there plain stay where they lie; those that were
 * compressed get a piece of memory of their own.
 */
export class BatchBuilder {
  inflate: Inflate;
  readonly #maxMessageBytes: number;
  readonly #listener: TakenListener;
  #bytes: Buffer | undefined;
  /** Of so many messages, in a list that is put down with the batch. */
  #bounds: number[] = NO_BOUNDS;
  #count = 0;
  #byteLength = 0;
  #wireBytes = 0;
  /** Messages that had to be inflated, and plain ones between them. */
  #inflated = NO_MESSAGES;

  /** `listener` hears of the bytes of the stream whose messages need no room any more. */
  constructor(maxMessageBytes: number, inflate: Inflate, listener: TakenListener) {
    this.#maxMessageBytes = maxMessageBytes;
    this.inflate = inflate;
    this.#listener = listener;
  }

  /** It stopped before a message that belongs into another batch. */
  isBlocked = false;

  get isEmpty(): boolean {
    return this.#count === 0 && this.#inflated.length === 0;
  }

  /** They lie in memory of their own. */
  get isOwn(): boolean {
    return this.#inflated.length > 0;
  }

  /** What it holds is enough for a batch, and more would cost memory. */
  get isFull(): boolean {
    return this.#byteLength >= MAX_INFLATED_BYTES && this.#inflated.length > 0;
  }

  /**
   * Takes the whole messages that begin at `start`, and returns where it stopped: before one that is not whole, or one that belongs into
   * another batch, which `build` makes room for. Throws an RpcError when the bytes are no gRPC or a message is too large.
   */
  take(bytes: Buffer, start: number, end: number): number {
    let at = start;
    while (end - at >= PREFIX_BYTES) {
      const flag = bytes[at] as number;
      const length = lengthInPrefix(bytes, at);
      if (flag > 1 || length > this.#maxMessageBytes) assertPrefix(flag, length, this.#maxMessageBytes);
      const from = at + PREFIX_BYTES;
      const to = from + length;
      if (to > end) break;
      if (flag === 1 || this.#inflated.length > 0) {
        if (this.#count > 0 || this.isFull) return this.#stop(at);
        this.#addOwn(bytes.subarray(from, to), flag === 1);
      } else {
        if (this.#count === MAX_MESSAGES) return this.#stop(at);
        if (this.#count === 0) {
          this.#bytes = bytes;
          this.#bounds = spareBounds.pop() ?? [];
        }
        this.#bounds[2 * this.#count] = from;
        this.#bounds[2 * this.#count + 1] = to;
        this.#count += 1;
        this.#byteLength += length;
      }
      this.#wireBytes += to - at;
      at = to;
    }
    return at;
  }

  /** A message that was put together, as a batch of its own; `giveUp` gives its memory up. */
  lone(message: Buffer, isCompressed: boolean, giveUp: (() => void) | undefined): Batch {
    if (isCompressed) {
      try {
        return Batch.of([this.inflate(message)]);
      } finally {
        giveUp?.();
      }
    }
    const batch = Batch.of([message]);
    if (giveUp !== undefined) batch.owns(giveUp);
    return batch;
  }

  /** What was taken, as a batch. It lies in the bytes that were given, unless it had to be inflated. */
  build(): Batch {
    const bytes = this.#bytes;
    const batch =
      bytes === undefined ? Batch.of(this.#inflated) : new Batch(bytes, this.#takeBounds(), this.#byteLength);
    batch.isFramed = bytes !== undefined;
    batch.onTaken(this.#listener, this.#wireBytes);
    this.#bytes = undefined;
    this.#inflated = NO_MESSAGES;
    this.#byteLength = 0;
    this.#wireBytes = 0;
    this.isBlocked = false;
    return batch;
  }

  /** In a list of their own, as long as they need. */
  #takeBounds(): number[] {
    const list = this.#bounds;
    const bounds = list.slice(0, 2 * this.#count);
    if (spareBounds.length < MOST_SPARE) spareBounds.push(list);
    this.#bounds = NO_BOUNDS;
    this.#count = 0;
    return bounds;
  }

  #stop(at: number): number {
    this.isBlocked = true;
    return at;
  }

  #addOwn(message: Uint8Array, isCompressed: boolean): void {
    const plain = isCompressed ? this.inflate(message) : Uint8Array.from(message);
    if (this.#inflated === NO_MESSAGES) this.#inflated = [plain];
    else this.#inflated.push(plain);
    this.#byteLength += plain.length;
  }
}
