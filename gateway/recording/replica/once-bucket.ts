import type { KV } from '@nats-io/kv';
import { journalUnreachable, type NatsLink, WRONG_LAST_SEQUENCE } from './nats-link.js';

/** The bucket that all gateways share: who wants other bounds makes it before the first gateway does. */
export const ONCE_BUCKET = 'sluice_tickets';

/** Of all values. What is more is refused until older ones have gone. */
const BUCKET_BYTES = 64 * 1024 * 1024;

/** The longest that a value is kept, in milliseconds. */
export const MAX_ONCE_MS = 600_000;

/** Values that go when they are taken, each to one gateway only: in the memory of NATS, and not on its disk. Opened when it is first used. */
export class OnceBucket {
  readonly #link: Pick<NatsLink, 'openBucket'>;
  #opening: Promise<KV> | undefined;

  constructor(link: Pick<NatsLink, 'openBucket'>) {
    this.#link = link;
  }

  /** Keeps a value under a name that there has never been. Rejects with UNAVAILABLE. */
  async put(name: string, text: string): Promise<void> {
    await this.#use((bucket) => bucket.create(name, text));
  }

  /** Of all that ask, the first gets it; `undefined`: it is not there, or another one was first. Rejects with UNAVAILABLE: then nobody may get it. */
  async take(name: string): Promise<string | undefined> {
    return await this.#use(async (bucket) => {
      const entry = await bucket.get(name);
      if (entry?.operation !== 'PUT') return undefined;
      try {
        await bucket.delete(name, { previousSeq: entry.revision });
      } catch (reason) {
        if ((reason as { code?: number }).code === WRONG_LAST_SEQUENCE) return undefined;
        throw reason;
      }
      return entry.string();
    });
  }

  /** Gives a value up. Rejects with UNAVAILABLE. */
  async delete(name: string): Promise<void> {
    await this.#use((bucket) => bucket.delete(name));
  }

  async #use<Result>(act: (bucket: KV) => Promise<Result>): Promise<Result> {
    this.#opening ??= this.#link.openBucket(ONCE_BUCKET, { ttlMs: MAX_ONCE_MS, maxBytes: BUCKET_BYTES });
    const opening = this.#opening;
    try {
      return await act(await opening);
    } catch (reason) {
      // A server that comes back has forgotten what was in its memory, and the bucket with it.
      if (this.#opening === opening) this.#opening = undefined;
      throw journalUnreachable(reason);
    }
  }
}
