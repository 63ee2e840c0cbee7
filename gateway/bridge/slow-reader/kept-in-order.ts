import type { Batch } from '../../upstream/index.js';
import type { DropOldest } from '../policy.js';
import { batchOf, isLarge, type KeptMessage } from './kept-batch.js';
import { keptCost } from './kept-cost.js';
import type { KeepResult, KeptMessages } from './kept-messages.js';
import { Segment } from './segment.js';

/** In front of each small message: the bytes of its id, and one more where it has one, then its own. Its id stands between. */
const HEAD_BYTES = 8;

/** A segment in its place: one large message, or small ones with their heads. */
interface Link {
  readonly segment: Segment;
  readonly large: KeptMessage | undefined;
  /** Everything before it has gone. */
  gone: number;
  next: Link | undefined;
}

/**
 * The newest messages, in the order in which they came: one after another in segments, and no object for each. A thousand clients that are behind keep
 * millions, and nothing would collect those when the clients have gone and the process has nothing to do.
 */
export class KeptInOrder implements KeptMessages {
  readonly #policy: DropOldest;
  #oldest: Link | undefined;
  #newest: Link | undefined;
  #size = 0;
  #bytes = 0;

  constructor(policy: DropOldest) {
    this.#policy = policy;
  }

  get size(): number {
    return this.#size;
  }

  get bytes(): number {
    return this.#bytes;
  }

  keep(batch: Batch, from = 0): KeepResult {
    const { maxMessages, maxBytes } = this.#policy;
    const first = this.#firstToKeep(batch, from);
    let dropped = first - from;
    if (dropped > 0) {
      // What is older than something that goes has gone before it.
      dropped += this.#size;
      this.release();
    }
    for (let index = first; index < batch.count; index += 1) {
      this.#append(batch.message(index), batch.ids?.of(index));
      for (; this.#size > 1 && (this.#size > maxMessages || this.#bytes > maxBytes); dropped += 1)
        this.#shift()?.release();
    }
    return { dropped, failure: undefined };
  }

  take(maxBytes: number, maxMessages: number): Batch {
    const messages: KeptMessage[] = [];
    const emptied: Segment[] = [];
    let bytes = 0;
    while (this.#oldest !== undefined && messages.length < Math.max(1, maxMessages)) {
      const next = messageAt(this.#oldest);
      bytes += next.length;
      if (messages.length > 0 && (bytes > maxBytes || isLarge(next))) break;
      messages.push(next);
      const segment = this.#shift();
      // Its memory is the batch's.
      if (isLarge(next)) break;
      if (segment !== undefined) emptied.push(segment);
    }
    const batch = batchOf(messages);
    for (const segment of emptied) segment.release();
    return batch;
  }

  release(): void {
    for (let link = this.#oldest; link !== undefined; link = link.next) link.segment.release();
    this.#oldest = undefined;
    this.#newest = undefined;
    this.#size = 0;
    this.#bytes = 0;
  }

  /** What of a batch would go for the rest of it is never copied: the last ones that fit by themselves, and one at least. */
  #firstToKeep(batch: Batch, from: number): number {
    const { maxMessages, maxBytes } = this.#policy;
    let first = batch.count;
    for (let bytes = 0; first > from && batch.count - first < maxMessages; first -= 1) {
      bytes += keptCost(batch.endOf(first - 1) - batch.startOf(first - 1));
      if (bytes > maxBytes && first < batch.count) break;
    }
    return first;
  }

  #append(message: Uint8Array, id: string | undefined): void {
    this.#size += 1;
    this.#bytes += keptCost(message.length);
    if (isLarge(message)) {
      const segment = Segment.of(message);
      this.#link({ segment, start: 0, length: message.length, id }, segment);
      return;
    }
    const idBytes = id === undefined ? 0 : Buffer.byteLength(id);
    const wanted = HEAD_BYTES + idBytes + message.length;
    const newest = this.#newest;
    const fits = newest !== undefined && newest.large === undefined && newest.segment.room >= wanted;
    const segment = fits ? newest.segment : this.#link(undefined, Segment.shared());
    const { buffer } = segment;
    segment.used = buffer.writeUInt32LE(id === undefined ? 0 : idBytes + 1, segment.used);
    segment.used = buffer.writeUInt32LE(message.length, segment.used);
    if (id !== undefined) segment.used += buffer.write(id, segment.used);
    segment.write(message);
  }

  #link(large: KeptMessage | undefined, segment: Segment): Segment {
    const link: Link = { segment, large, gone: 0, next: undefined };
    if (this.#newest === undefined) this.#oldest = link;
    else this.#newest.next = link;
    this.#newest = link;
    return segment;
  }

  /** The oldest message goes. Returns its segment where that is empty now: to be released. */
  #shift(): Segment | undefined {
    const link = this.#oldest as Link;
    const { segment, large } = link;
    const { start, length } = messageAt(link);
    this.#size -= 1;
    this.#bytes -= keptCost(length);
    link.gone = start + length;
    if (large === undefined && link.gone < segment.used) return undefined;
    this.#oldest = link.next;
    if (this.#oldest === undefined) this.#newest = undefined;
    return segment;
  }
}

/** The oldest message of a segment. */
function messageAt({ segment, large, gone }: Link): KeptMessage {
  if (large !== undefined) return large;
  const { buffer } = segment;
  const idEnd = buffer.readUInt32LE(gone);
  const idStart = gone + HEAD_BYTES;
  const start = idStart + Math.max(0, idEnd - 1);
  const id = idEnd === 0 ? undefined : buffer.toString('utf8', idStart, start);
  return { segment, start, length: buffer.readUInt32LE(gone + 4), id };
}
