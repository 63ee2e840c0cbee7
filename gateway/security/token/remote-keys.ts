import { keysUnreachable } from '../identity/index.js';
import { fetchText } from './fetch-text.js';
import { type FoundKeys, KeySet } from './key-set.js';
import type { KeyEvents, KeySource } from './key-source.js';
import type { TokenHead } from './token-form.js';

/** How old keys become before they are looked for again, in milliseconds. */
export const REFRESH_MS = 600_000;
/** For how long the last good ones count, in milliseconds. */
export const MAX_AGE_MS = 3_600_000;
/** The least time between two fetches for keys that tokens name and that are not there, in milliseconds; and after a refresh that failed. */
export const UNKNOWN_MS = 30_000;
/** The least time between two fetches while there are no keys that count, in milliseconds. */
export const RETRY_MS = 5_000;
/** How long a fetch may take, with everything that belongs to it, in milliseconds. */
export const FETCH_MS = 5_000;

/** Gives the text of a key set, or rejects with an Error that says why not. */
export type LoadKeys = (get: (url: string) => Promise<string>) => Promise<string>;

/** Keys that are fetched: at the start, when they are old, and when a token names one that is not there. However many ask, one fetch is under way. */
export class RemoteKeys implements KeySource {
  version = 0;
  readonly #load: LoadKeys;
  readonly #events: KeyEvents;
  readonly #now: () => number;
  readonly #stop = new AbortController();
  #keys: KeySet | undefined;
  #loadedAt = Number.NEGATIVE_INFINITY;
  #triedAt = Number.NEGATIVE_INFINITY;
  #unknownAt = Number.NEGATIVE_INFINITY;
  #isFailing = false;
  #loading: Promise<void> | undefined;

  /** `now`: milliseconds of a clock that never goes back. */
  constructor(load: LoadKeys, events: KeyEvents, now: () => number) {
    this.#load = load;
    this.#events = events;
    this.#now = now;
  }

  touch(): boolean {
    const now = this.#now();
    const counts = this.#keys !== undefined && now - this.#loadedAt < MAX_AGE_MS;
    const isOld = now - this.#loadedAt >= REFRESH_MS;
    if (isOld && now - this.#triedAt >= (counts ? UNKNOWN_MS : RETRY_MS)) void this.#fetch();
    return counts;
  }

  async find(head: TokenHead): Promise<FoundKeys> {
    if (!this.touch()) await this.#loading;
    const found = await this.#find(head);
    if (found.keys.length > 0 || head.kid === undefined) return found;
    if (this.#loading === undefined && this.#now() - this.#unknownAt >= UNKNOWN_MS) {
      this.#unknownAt = this.#now();
      void this.#fetch();
    }
    await this.#loading;
    const again = await this.#find(head);
    if (again.keys.length === 0 && this.#isFailing) throw unreachable();
    return again;
  }

  async #find(head: TokenHead): Promise<FoundKeys> {
    const { version } = this;
    return { version, keys: await this.#counting().find(head) };
  }

  close(): void {
    this.#stop.abort();
  }

  #counting(): KeySet {
    if (this.#keys === undefined || this.#now() - this.#loadedAt >= MAX_AGE_MS) throw unreachable();
    return this.#keys;
  }

  /** Never rejects. */
  #fetch(): Promise<void> {
    this.#loading ??= this.#fetchNow().finally(() => {
      this.#loading = undefined;
    });
    return this.#loading;
  }

  async #fetchNow(): Promise<void> {
    this.#triedAt = this.#now();
    const signal = AbortSignal.any([this.#stop.signal, AbortSignal.timeout(FETCH_MS)]);
    try {
      const keys = KeySet.of(await this.#load((url) => fetchText(url, signal)));
      if (keys.digest !== this.#keys?.digest) {
        this.#keys = keys;
        this.version += 1;
        this.#events.loaded(keys.size);
      }
      this.#loadedAt = this.#now();
      this.#isFailing = false;
    } catch (reason) {
      if (!this.#isFailing && !this.#stop.signal.aborted)
        this.#events.failed(signal.aborted ? `no answer within ${FETCH_MS} ms` : (reason as Error).message);
      this.#isFailing = true;
    }
  }
}

function unreachable() {
  return keysUnreachable('the keys of the issuer cannot be fetched');
}
