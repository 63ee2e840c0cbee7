import type { Store } from '../../store/index.js';
import { retryConflicts } from '../journal/index.js';
import { bytesFromJson, jsonFromBytes } from '../wire/index.js';

/** A replica that has not renewed for this long is dead, and whoever it served has left. */
export const LEASE_MS = 20_000;
/** A quarter of the lease, so that three failed renewals in a row do no harm. */
export const RENEWAL_MS = 5_000;

const KEY = 'all';

/** The replicas that say they are alive. Kept in one value of the store, which drops the dead at each renewal. */
export class Leases {
  readonly id: string;
  readonly #map;
  readonly #now: () => number;
  #expiries: Record<string, number> = {};

  /** `id` is this process's own, new at each start. `now` is epoch milliseconds. */
  constructor(store: Store, id: string, now: () => number) {
    this.id = id;
    this.#map = store.map('presence-leases');
    this.#now = now;
  }

  /** Says that this replica lives for another `LEASE_MS`. */
  async renew(): Promise<void> {
    await this.#change((expiries) => ({ ...expiries, [this.id]: this.#now() + LEASE_MS }));
  }

  /** Says that this replica is gone. */
  async release(): Promise<void> {
    await this.#change(({ [this.id]: _own, ...others }) => others);
  }

  /** Those of `ids` that are alive. Looks again before it calls one dead. */
  async living(ids: readonly string[]): Promise<Set<string>> {
    if (ids.some((id) => !this.#lives(id))) {
      const found = await this.#map.get(KEY);
      this.#expiries = found === undefined ? {} : jsonFromBytes(found.value);
    }
    return new Set(ids.filter((id) => this.#lives(id)));
  }

  #lives(id: string): boolean {
    return id === this.id || (this.#expiries[id] ?? 0) > this.#now();
  }

  #change(next: (expiries: Record<string, number>) => Record<string, number>): Promise<void> {
    return retryConflicts(async () => {
      const found = await this.#map.get(KEY);
      const expiries: Record<string, number> = found === undefined ? {} : jsonFromBytes(found.value);
      const now = this.#now();
      const living = Object.fromEntries(Object.entries(expiries).filter(([, expiry]) => expiry > now));
      const changed = next(living);
      await this.#map.compareAndSet(KEY, bytesFromJson(changed), found?.revision ?? 0);
      this.#expiries = changed;
    });
  }
}
