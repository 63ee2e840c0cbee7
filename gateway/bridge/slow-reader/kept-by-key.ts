import type { Batch } from '../../upstream/index.js';
import type { Conflate } from '../policy.js';
import { batchOf, isLarge } from './kept-batch.js';
import { keptCost } from './kept-cost.js';
import type { KeepResult, KeptMessages } from './kept-messages.js';
import { type KeptPlace, KeptPlaces } from './kept-places.js';

/** The newest message of a key. */
interface Entry {
  readonly key: string;
  /** Where it lies; of an older one while there is a newer. */
  place: KeptPlace | undefined;
  /** Still a view into what the transport has read. */
  newer: Uint8Array | undefined;
  length: number;
  id: string | undefined;
}

/** The newest message of each key, in the order in which the keys came. A key that is there already gets the newer message and keeps its place. */
export class KeptByKey implements KeptMessages {
  readonly #policy: Conflate;
  readonly #byKey = new Map<string, Entry>();
  readonly #places = new KeptPlaces();
  #queue: Entry[] = [];
  /** Everything before it in the queue has gone. */
  #head = 0;
  #bytes = 0;

  constructor(policy: Conflate) {
    this.#policy = policy;
  }

  get size(): number {
    return this.#byKey.size;
  }

  get bytes(): number {
    return this.#bytes;
  }

  keep(batch: Batch, from = 0): KeepResult {
    const { maxMessages, maxBytes } = this.#policy;
    const touched: Entry[] = [];
    let dropped = 0;
    let failure: unknown;
    try {
      for (let index = from; index < batch.count; index += 1) {
        const message = batch.message(index);
        const key = this.#policy.keyOf(message);
        const old = this.#byKey.get(key);
        const entry = old ?? this.#append(key);
        if (entry.newer === undefined) touched.push(entry);
        if (old !== undefined) {
          this.#bytes -= keptCost(old.length, key);
          dropped += 1;
        }
        entry.newer = message;
        entry.length = message.length;
        entry.id = batch.ids?.of(index);
        this.#bytes += keptCost(message.length, key);
        for (; this.size > 1 && (this.size > maxMessages || this.#bytes > maxBytes); dropped += 1)
          this.#dropBut(entry);
      }
    } catch (reason) {
      failure = reason;
    }
    // Only now: most of a batch may have been replaced or dropped again.
    for (const entry of touched) this.#settle(entry);
    return { dropped, failure };
  }

  take(maxBytes: number, maxMessages: number): Batch {
    const taken: Entry[] = [];
    let bytes = 0;
    while (this.size > 0 && taken.length < Math.max(1, maxMessages)) {
      const next = this.#queue[this.#head] as Entry;
      bytes += next.length;
      if (taken.length > 0 && (bytes > maxBytes || isLarge(next))) break;
      taken.push(this.#shift());
      if (isLarge(next)) break;
    }
    const batch = batchOf(taken.map(({ place, length, id }) => ({ ...(place as KeptPlace), length, id })));
    // That of a large message is the batch's.
    for (const { place, length } of taken) if (!isLarge({ length })) this.#places.free(place as KeptPlace);
    return batch;
  }

  release(): void {
    while (this.size > 0) this.#drop(this.#shift());
    this.#places.release();
  }

  #append(key: string): Entry {
    const entry: Entry = { key, place: undefined, newer: undefined, length: 0, id: undefined };
    this.#queue.push(entry);
    this.#byKey.set(key, entry);
    return entry;
  }

  /** The newer message of an entry gets a place, where it is not gone again. */
  #settle(entry: Entry): void {
    const { place, newer } = entry;
    if (newer === undefined) return;
    entry.newer = undefined;
    entry.place = this.#places.put(newer, place);
    if (this.#places.isSparse) this.#places.compact(this.#settled());
  }

  /** What has a place, oldest first. */
  *#settled(): Iterable<KeptPlace> {
    for (let index = this.#head; index < this.#queue.length; index += 1) {
      const place = this.#queue[index]?.place;
      if (place !== undefined) yield place;
    }
  }

  /** The newest message may have the oldest place, and is not what goes. */
  #dropBut(newest: Entry): void {
    if (this.#queue[this.#head] === newest) {
      this.#queue[this.#head] = this.#queue[this.#head + 1] as Entry;
      this.#queue[this.#head + 1] = newest;
    }
    this.#drop(this.#shift());
  }

  #drop(entry: Entry): void {
    entry.newer = undefined;
    if (entry.place !== undefined) this.#places.free(entry.place);
    entry.place = undefined;
  }

  #shift(): Entry {
    const entry = this.#queue[this.#head] as Entry;
    // The place is of no more use: what it held must not live until the queue is cut.
    this.#queue[this.#head] = GONE;
    this.#head += 1;
    if (this.#head * 2 > this.#queue.length) {
      this.#queue = this.#queue.slice(this.#head);
      this.#head = 0;
    }
    this.#byKey.delete(entry.key);
    this.#bytes -= keptCost(entry.length, entry.key);
    return entry;
  }
}

const GONE: Entry = Object.freeze({ key: '', place: undefined, newer: undefined, length: 0, id: undefined });
