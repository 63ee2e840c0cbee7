import { status } from '@grpc/grpc-js';
import { CoreError } from '../../base/index.js';
import { type KeyValueMap, logName, type Store } from '../../store/index.js';
import { KeyedQueue, retryConflicts } from '../journal/index.js';
import { bytesFromJson, jsonFromBytes } from '../wire/index.js';
import type { Leases } from './leases.js';

/** Users in one room at once; more fail with RESOURCE_EXHAUSTED, for every change names all of them. */
export const MAX_USERS_PER_ROOM = 1_000;

/** What became of a room. A user counts once, however many streams it has. */
export interface PresenceChange {
  readonly users: readonly string[];
  readonly joined: readonly string[];
  readonly left: readonly string[];
}

/** Who of which replica is in a room, as the store keeps it. */
type Roll = Record<string, readonly string[]>;

/**
 * Who is in which room, over all replicas. Each replica keeps its own line in the room's roll and strikes out those of
 * replicas that are dead, so users of a killed process leave at the next change or `refresh`. Each joining or leaving is
 * announced once, by the replica whose change of the roll made it.
 */
export class Presence {
  readonly #map: KeyValueMap;
  readonly #leases: Leases;
  readonly #announce: (room: string, change: PresenceChange) => Promise<void>;
  readonly #queue = new KeyedQueue();
  /** Streams of this process: room, user, count. */
  readonly #streams = new Map<string, Map<string, number>>();
  /** The last known users of the rooms in `#streams`. */
  readonly #users = new Map<string, readonly string[]>();

  constructor(
    store: Store,
    kind: string,
    leases: Leases,
    announce: (room: string, change: PresenceChange) => Promise<void>,
  ) {
    this.#map = store.map(`${kind}-presence`);
    this.#leases = leases;
    this.#announce = announce;
  }

  /** One more stream of `user`. Resolves when the change is stored and announced. */
  join(room: string, user: string): Promise<void> {
    return this.#queue.take(room, async () => {
      const streams = this.#streams.get(room) ?? new Map<string, number>();
      const before = streams.get(user) ?? 0;
      if (before === 0 && this.users(room).length >= MAX_USERS_PER_ROOM) {
        throw new CoreError(
          status.RESOURCE_EXHAUSTED,
          `the room is full: it has ${MAX_USERS_PER_ROOM} users`,
        );
      }
      this.#streams.set(room, streams.set(user, before + 1));
      try {
        await this.#sync(room);
      } catch (error) {
        this.#drop(room, user);
        throw error;
      }
    });
  }

  /** One stream of `user` less. Resolves when the change is stored and announced. */
  leave(room: string, user: string): Promise<void> {
    return this.#queue.take(room, async () => {
      this.#drop(room, user);
      await this.#sync(room);
      if (!this.#streams.has(room)) this.#users.delete(room);
    });
  }

  /** The users of a room that this process has a stream in, sorted, as last seen: exact for this process, others after a `refresh`. */
  users(room: string): readonly string[] {
    return this.#users.get(room) ?? [];
  }

  /** Looks at every room of this process again: users of dead replicas leave, a line that someone struck out comes back. */
  async refresh(): Promise<void> {
    for (const room of [...this.#streams.keys()]) {
      await this.#queue.take(room, async () => {
        if (this.#streams.has(room)) await this.#sync(room);
      });
    }
  }

  #drop(room: string, user: string): void {
    const streams = this.#streams.get(room);
    const count = streams?.get(user) ?? 0;
    if (count > 1) streams?.set(user, count - 1);
    else streams?.delete(user);
    if (streams?.size === 0) this.#streams.delete(room);
  }

  #sync(room: string): Promise<void> {
    return retryConflicts(async () => {
      const key = logName(room);
      const found = await this.#map.get(key);
      const roll: Roll = found === undefined ? {} : jsonFromBytes(found.value);
      const living = await this.#leases.living(Object.keys(roll));
      const next: Roll = Object.fromEntries(Object.entries(roll).filter(([id]) => living.has(id)));
      const own = [...(this.#streams.get(room)?.keys() ?? [])].sort();
      if (own.length > 0) next[this.#leases.id] = own;
      else delete next[this.#leases.id];
      const users = usersOf(next);
      if (JSON.stringify(next) !== JSON.stringify(roll)) {
        await this.#map.compareAndSet(key, bytesFromJson(next), found?.revision ?? 0);
      }
      this.#users.set(room, users);
      const before = new Set(usersOf(roll));
      const now = new Set(users);
      const left = [...before].filter((user) => !now.has(user));
      const joined = users.filter((user) => !before.has(user));
      if (joined.length + left.length > 0) await this.#announce(room, { users, joined, left });
    });
  }
}

function usersOf(roll: Roll): readonly string[] {
  return [...new Set(Object.values(roll).flat())].sort();
}
