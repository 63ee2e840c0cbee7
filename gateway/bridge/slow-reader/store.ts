import { Batch } from '../../upstream/index.js';
import type { Conflate, DropOldest } from '../policy.js';

/**
 * What a kept message costs beside its bytes: its view, its buffer, its entry and its place in the map. Measured on Node 20: 250 to 330
 * bytes of heap and buffers, 400 to 600 of the process before it is collected.
 */
export const KEPT_OVERHEAD_BYTES = 400;

interface Kept {
  readonly key: string | undefined;
  message: Uint8Array;
  /** What it costs: all that it keeps in memory. */
  bytes: number;
  /** Still a view into what the transport has read. */
  borrowed: boolean;
  /** The id of the message, where its batch has ids. */
  id: string | undefined;
}

/**
 * The messages that wait for a client which is behind, oldest first; bounded in messages and in bytes. A key that is there already gets
 * the newer message and keeps its place. Nothing here waits or throws, but for `keyOf`.
 *
 * What is kept is copied, unless it has a buffer of its own: messages lie in larger reads, and one small message would hold 64 KiB of
 * them in memory.
 */
export class KeptMessages {
  readonly #policy: Conflate | DropOldest;
  readonly #byKey = new Map<string, Kept>();
  #queue: Kept[] = [];
  /** Everything before it in the queue has gone. */
  #head = 0;
  #bytes = 0;

  constructor(policy: Conflate | DropOldest) {
    this.#policy = policy;
  }

  /** How many are kept. */
  get size(): number {
    return this.#queue.length - this.#head;
  }

  /** What they cost together. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Keeps the messages of a batch from an index on, and returns how many had to go for it. When `keyOf` throws, those before the bad one are kept. */
  keep(batch: Batch, from = 0): { readonly dropped: number; readonly failure: unknown } {
    const { maxMessages, maxBytes } = this.#policy;
    const touched: Kept[] = [];
    let dropped = 0;
    let failure: unknown;
    try {
      for (let index = from; index < batch.count; index += 1) {
        const message = batch.message(index);
        const key = this.#policy.policy === 'conflate' ? this.#policy.keyOf(message) : undefined;
        const old = key === undefined ? undefined : this.#byKey.get(key);
        const id = batch.ids?.of(index);
        const kept = old ?? this.#append(key, message, id);
        if (old === undefined || !old.borrowed) touched.push(kept);
        if (old !== undefined) {
          this.#replace(old, message, id);
          dropped += 1;
        }
        while (this.size > 1 && (this.size > maxMessages || this.#bytes > maxBytes)) {
          this.#shiftBut(kept);
          dropped += 1;
        }
      }
    } catch (reason) {
      failure = reason;
    }
    // Only now: most of a batch may have been replaced or dropped again.
    for (const kept of touched) own(kept);
    return { dropped, failure };
  }

  /** Takes the oldest, at least one if there is one, up to so many bytes of messages and so many of them. */
  take(maxBytes: number, maxMessages: number): Batch {
    const messages: Uint8Array[] = [];
    const ids: string[] = [];
    let bytes = 0;
    while (this.size > 0 && messages.length < Math.max(1, maxMessages)) {
      const next = this.#queue[this.#head] as Kept;
      bytes += next.message.length;
      if (messages.length > 0 && bytes > maxBytes) break;
      const { message, id } = this.#shift();
      messages.push(message);
      if (id !== undefined) ids.push(id);
    }
    const batch = Batch.of(messages);
    // All of one call have ids, or none has.
    if (ids.length > 0) batch.ids = { of: (index) => ids[index] as string };
    return batch;
  }

  #append(key: string | undefined, message: Uint8Array, id: string | undefined): Kept {
    const kept: Kept = { key, message, bytes: cost(key, message), borrowed: true, id };
    this.#queue.push(kept);
    if (key !== undefined) this.#byKey.set(key, kept);
    this.#bytes += kept.bytes;
    return kept;
  }

  #replace(kept: Kept, message: Uint8Array, id: string | undefined): void {
    this.#bytes -= kept.bytes;
    kept.message = message;
    kept.bytes = cost(kept.key, message);
    kept.borrowed = true;
    kept.id = id;
    this.#bytes += kept.bytes;
  }

  /** The newest message may have the oldest place, and is not what goes. */
  #shiftBut(newest: Kept): void {
    if (this.#queue[this.#head] === newest) {
      this.#queue[this.#head] = this.#queue[this.#head + 1] as Kept;
      this.#queue[this.#head + 1] = newest;
    }
    this.#shift();
  }

  #shift(): Kept {
    const kept = this.#queue[this.#head] as Kept;
    // The place is of no more use: what it held must not live until the queue is cut.
    this.#queue[this.#head] = GONE;
    this.#head += 1;
    if (this.#head * 2 > this.#queue.length) {
      this.#queue = this.#queue.slice(this.#head);
      this.#head = 0;
    }
    if (kept.key !== undefined) this.#byKey.delete(kept.key);
    this.#bytes -= kept.bytes;
    kept.borrowed = false;
    return kept;
  }
}

const GONE: Kept = Object.freeze({
  key: undefined,
  message: new Uint8Array(0),
  bytes: 0,
  borrowed: false,
  id: undefined,
});

function cost(key: string | undefined, message: Uint8Array): number {
  return message.length + KEPT_OVERHEAD_BYTES + 2 * (key?.length ?? 0);
}

function own(kept: Kept): void {
  if (!kept.borrowed) return;
  kept.borrowed = false;
  const { message } = kept;
  // Not `slice`, which is a view again for a Buffer, and not `Buffer.from`, which shares 8 KiB with others.
  if (message.length < message.buffer.byteLength) kept.message = new Uint8Array(message);
}
