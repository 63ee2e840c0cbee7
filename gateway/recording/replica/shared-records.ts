import { journalUnreachable, type NatsLink } from './nats-link.js';

/** What all gateways know of a recording. Nothing in it is a secret: whose it is stands there as a hash. */
export interface SharedRecord {
  /** What makes requests equal to its own. */
  readonly key: string;
  /** The path of its method, and how the schema was. */
  readonly method: string;
  readonly version: string;
  readonly owner: string;
  /** The gateway that leads. */
  readonly leader: string;
  /** Where it is found, the first one first. */
  readonly locations?: readonly string[];
  /** Since when it goes on without clients, in epoch milliseconds. */
  readonly detachedAt?: number;
  /** What the service has answered: see `encodeHead`. */
  readonly head?: string;
  /** When it ended, in epoch milliseconds. */
  readonly endedAt?: number;
}

/** For how long a call has gone on without clients, in milliseconds. */
export function detachedMs({ detachedAt = Date.now() }: Pick<SharedRecord, 'detachedAt'>): number {
  return Math.max(0, Date.now() - detachedAt);
}

/** What was at a location, and is not kept any more. */
export interface GoneCall {
  /** Who may know that; absent: everybody. */
  readonly readers?: string | undefined;
  /** Until when it is told, in epoch milliseconds. */
  readonly until: number;
}

/** What gateways name things. Whatever a client says instead is not asked for: dots and stars mean something to NATS. */
const NAME = /^[\w-]{1,64}$/;
const GONE = 'gone ';
const MOST_TRIES = 5;

/** Which of the names of a recording is looked for. */
export type NameKind = 'key' | 'name' | 'location';

/** What all gateways know of all recordings, and the names by which these are found. Everything rejects with UNAVAILABLE when NATS is away. */
export class SharedRecords {
  /** This gateway among the others. */
  readonly #id: string;
  readonly #link: NatsLink;

  constructor(link: NatsLink, id: string) {
    this.#link = link;
    this.#id = id;
  }

  /** The epoch of the recording of this name. Rejects with UNAVAILABLE. */
  async find(kind: NameKind, name: string): Promise<string | undefined> {
    if (!NAME.test(name)) return undefined;
    return (await this.#asked(() => this.#link.get(`${kind}.${name}`)))?.text;
  }

  /** What is known of a recording. Rejects with UNAVAILABLE. */
  async recordOf(epoch: string): Promise<SharedRecord | undefined> {
    if (!NAME.test(epoch)) return undefined;
    const value = await this.#asked(() => this.#link.get(`epoch.${epoch}`));
    return value && (JSON.parse(value.text) as SharedRecord);
  }

  /**
   * Makes a recording known that this gateway leads, by the names that it has; its own epoch, or that of another gateway's that has one of
   * the names already. Rejects with UNAVAILABLE.
   */
  async claim(
    epoch: string,
    record: Omit<SharedRecord, 'leader'>,
    names: readonly [NameKind, string][],
  ): Promise<string> {
    return await this.#asked(async () => {
      await this.#link.put(`epoch.${epoch}`, JSON.stringify({ ...record, leader: this.#id }), undefined);
      for (const [kind, name] of names) {
        const winner = await this.#take(`${kind}.${name}`, epoch);
        if (winner === epoch) continue;
        await this.#link.delete(`epoch.${epoch}`);
        return winner;
      }
      return epoch;
    });
  }

  /** An `Idempotency-Key`, with whose it is, stands for this recording, unless it stands for another one. */
  async name(name: string, epoch: string): Promise<void> {
    await this.#asked(() => this.#link.put(`name.${name}`, epoch, undefined));
  }

  /** What is at a location: the epoch of a recording, or what is told of one that is gone. Rejects with UNAVAILABLE. */
  async at(location: string): Promise<string | GoneCall | undefined> {
    const found = await this.find('location', location);
    return found?.startsWith(GONE) ? (JSON.parse(found.slice(GONE.length)) as GoneCall) : found;
  }

  /** A recording is found at this location from now on, besides others; what is known of it then. Rejects with UNAVAILABLE. */
  async locate(epoch: string, location: string): Promise<SharedRecord | undefined> {
    return await this.#asked(async () => {
      await this.#link.put(`location.${location}`, epoch, undefined);
      return await this.edit(epoch, ({ locations = [], detachedAt = Date.now() }) =>
        locations.includes(location) ? {} : { locations: [...locations, location], detachedAt },
      );
    });
  }

  /** Changes what is known of a recording; what it is then, or `undefined` where there is nothing to change. Rejects when NATS is away. */
  async edit(
    epoch: string,
    change: (record: SharedRecord) => Partial<SharedRecord>,
  ): Promise<SharedRecord | undefined> {
    for (let tries = 0; tries < MOST_TRIES; tries += 1) {
      const known = await this.#link.get(`epoch.${epoch}`);
      if (known === undefined) return undefined;
      const before = JSON.parse(known.text) as SharedRecord;
      const record = { ...before, ...change(before) };
      if ((await this.#link.put(`epoch.${epoch}`, JSON.stringify(record), known.revision)) !== undefined)
        return record;
    }
    return undefined;
  }

  /** It runs no more: equal requests are for another one from now on. Rejects when NATS is away. */
  async end(epoch: string): Promise<SharedRecord | undefined> {
    const record = await this.edit(epoch, () => ({ endedAt: Date.now() }));
    if (record !== undefined) await this.#letGo(epoch, record.key);
    return record;
  }

  /** Nothing of it is kept any more. Rejects when NATS is away. */
  async forget(epoch: string, { key, locations = [] }: SharedRecord, gone: GoneCall): Promise<void> {
    await this.#link.delete(`epoch.${epoch}`);
    for (const location of locations) {
      const name = `location.${location}`;
      const known = await this.#link.get(name);
      if (known?.text === epoch) await this.#link.put(name, GONE + JSON.stringify(gone), known.revision);
    }
    await this.#letGo(epoch, key);
    await this.#link.purge(epoch);
  }

  async #letGo(epoch: string, key: string): Promise<void> {
    if ((await this.#link.get(`key.${key}`))?.text === epoch) await this.#link.delete(`key.${key}`);
  }

  /** Whose name it is now. */
  async #take(name: string, epoch: string): Promise<string> {
    for (;;) {
      const known = await this.#link.get(name);
      if (known !== undefined) {
        const record = await this.#link.get(`epoch.${known.text}`);
        const isEnded =
          record === undefined || (JSON.parse(record.text) as SharedRecord).endedAt !== undefined;
        // What an `Idempotency-Key` names is found also when it is over.
        if (record !== undefined && !(isEnded && name.startsWith('key.'))) return known.text;
      }
      if ((await this.#link.put(name, epoch, known?.revision)) !== undefined) return epoch;
    }
  }

  async #asked<T>(ask: () => Promise<T>): Promise<T> {
    try {
      return await ask();
    } catch (reason) {
      throw journalUnreachable(reason);
    }
  }
}
