import { status } from '@grpc/grpc-js';
import { CoreError } from '../../base/index.js';
import { type Log, logName, type Store, StoreConflict } from '../../store/index.js';
import { bytesFromJson, jsonFromBytes, sharedJsonFromBytes } from '../wire/index.js';
import { KeyedQueue } from './keyed-queue.js';
import { retryConflicts } from './retry.js';
import { trail } from './trail.js';

/** How entries make a state. Pure: the same entries give the same state on every replica and after every restart. */
export interface Machine<State, Entry> {
  /** Begins the names of its logs and keys: "game". */
  readonly kind: string;
  readonly initial: State;
  /** A new state; the old one stays as it is, for readers share it. `sequence` is the entry's own. */
  apply(state: State, entry: Entry, sequence: number): State;
  /** The state as plain JSON, and back. */
  plainFromState(state: State): unknown;
  stateFromPlain(plain: unknown): State;
}

/** A state and the sequence number of the last entry in it. */
export interface Version<State> {
  readonly sequence: number;
  readonly state: State;
}

/** One entry as a follower sees it. After a jump (see `follow`) there is no single entry. */
export interface Step<State, Entry> extends Version<State> {
  readonly entry: Entry | undefined;
  readonly before: State;
}

export interface JournalOptions<State> {
  /** Runs before a snapshot replaces the one before, so that what the state is about to forget can be kept elsewhere. */
  readonly beforeSnapshot?: (name: string, version: Version<State>) => Promise<void>;
}

/** A snapshot after so many entries: opening reads at most about this many. */
export const SNAPSHOT_INTERVAL = 100;
// States kept in memory for names nobody uses at the moment; a document is at most 1 MiB, so 32 of them are bounded.
const HELD_STATES = 32;
const PAGE = 100;

interface Held<State> {
  version: Version<State>;
  /** The sequence number of the newest snapshot we know. */
  snapshot: number;
}

/**
 * Shared state as a log of entries: whoever appends with the right `expectedLast` decides what comes next, everyone else
 * tries again on the new state. The log is the truth, so a change and the news of it are one write, and nothing is lost
 * when the process dies. Snapshots in a map only make opening fast.
 */
export class Journal<State, Entry> {
  readonly #store: Store;
  readonly #machine: Machine<State, Entry>;
  readonly #options: JournalOptions<State>;
  readonly #queue = new KeyedQueue();
  readonly #held = new Map<string, Held<State>>();

  constructor(store: Store, machine: Machine<State, Entry>, options: JournalOptions<State> = {}) {
    this.#store = store;
    this.#machine = machine;
    this.#options = options;
  }

  /** The log of a name, for reading what is older than the state. */
  log(name: string): Log {
    return this.#store.log(logName(`${this.#machine.kind}.${name}`));
  }

  /** The newest state. */
  current(name: string): Promise<Version<State>> {
    return this.#queue.take(name, async () => (await this.#newest(name)).version);
  }

  /**
   * Asks `decide` for the next entry and appends it; when another replica was faster, asks again with the newer state.
   * Resolves with the version after the entry, or the version as it is when `decide` has none. What `decide` throws is
   * thrown; ABORTED as `retryConflicts` says.
   */
  propose(
    name: string,
    decide: (version: Version<State>) => Promise<Entry | undefined> | Entry | undefined,
  ): Promise<Version<State>> {
    const attempt = async (): Promise<Version<State>> => {
      const held = await this.#newest(name);
      const { sequence, state } = held.version;
      const entry = await decide(held.version);
      if (entry === undefined) return held.version;
      const next = await this.log(name).append(bytesFromJson(entry), sequence);
      held.version = { sequence: next, state: this.#machine.apply(state, entry, next) };
      return held.version;
    };
    return this.#queue.take(name, () => retryConflicts(attempt));
  }

  /**
   * Every entry after `from`, each with the state before and after it, until `signal` aborts. Holds one state and what
   * `trail` reads ahead. With `maxLag`, a reader that is more than so many entries behind jumps to the newest state
   * instead of seeing each; without it, it sees every entry however late.
   */
  async *follow(
    name: string,
    from: Version<State>,
    signal: AbortSignal,
    maxLag = Number.POSITIVE_INFINITY,
  ): AsyncGenerator<Step<State, Entry>, void, undefined> {
    const log = this.log(name);
    let { sequence, state } = from;
    for (;;) {
      let jumped = false;
      for await (const record of trail(log, sequence, signal)) {
        const entry = sharedJsonFromBytes<Entry>(record.data);
        const before = state;
        state = this.#stateAt(name, record.sequence) ?? this.#machine.apply(state, entry, record.sequence);
        sequence = record.sequence;
        yield { sequence, state, before, entry };
        if (maxLag !== Number.POSITIVE_INFINITY && (await log.last()) - sequence > maxLag) {
          jumped = true;
          break;
        }
      }
      if (!jumped || signal.aborted) return;
      const before = state;
      ({ sequence, state } = await this.current(name));
      yield { sequence, state, before, entry: undefined };
    }
  }

  // Readers that are up to date share one state instead of holding a copy each.
  #stateAt(name: string, sequence: number): State | undefined {
    const held = this.#held.get(name);
    return held?.version.sequence === sequence ? held.version.state : undefined;
  }

  async #newest(name: string): Promise<Held<State>> {
    const held = this.#held.get(name) ?? (await this.#load(name));
    this.#held.delete(name);
    this.#held.set(name, held);
    for (const oldest of this.#held.keys()) {
      if (this.#held.size <= HELD_STATES) break;
      this.#held.delete(oldest);
    }
    const log = this.log(name);
    const last = await log.last();
    if (held.version.sequence > last) {
      throw new CoreError(status.DATA_LOSS, 'the stored data is damaged', {
        cause: new Error(`the log of ${this.#machine.kind} ends before its snapshot`),
      });
    }
    while (held.version.sequence < last) {
      const records = await log.read(held.version.sequence, PAGE);
      if (records.length === 0) throw new Error(`log of ${this.#machine.kind} ends before its last record`);
      for (const record of records) {
        const state = this.#machine.apply(
          held.version.state,
          jsonFromBytes<Entry>(record.data),
          record.sequence,
        );
        held.version = { sequence: record.sequence, state };
      }
      // Also while catching up: what a state forgets is counted from the newest snapshot.
      await this.#snapshotWhenDue(name, held);
    }
    await this.#snapshotWhenDue(name, held);
    return held;
  }

  async #load(name: string): Promise<Held<State>> {
    const found = await this.#snapshots().get(logName(name));
    if (found === undefined) return { version: { sequence: 0, state: this.#machine.initial }, snapshot: 0 };
    const { sequence, plain } = jsonFromBytes<{ sequence: number; plain: unknown }>(found.value);
    return { version: { sequence, state: this.#machine.stateFromPlain(plain) }, snapshot: sequence };
  }

  async #snapshotWhenDue(name: string, held: Held<State>): Promise<void> {
    if (held.version.sequence - held.snapshot < SNAPSHOT_INTERVAL) return;
    const { sequence, state } = held.version;
    await this.#options.beforeSnapshot?.(name, held.version);
    const found = await this.#snapshots().get(logName(name));
    const known = found === undefined ? 0 : jsonFromBytes<{ sequence: number }>(found.value).sequence;
    if (known < sequence) {
      const value = bytesFromJson({ sequence, plain: this.#machine.plainFromState(state) });
      try {
        await this.#snapshots().compareAndSet(logName(name), value, found?.revision ?? 0);
      } catch (error) {
        // Another replica has just written one that is as good.
        if (!(error instanceof StoreConflict)) throw error;
      }
    }
    held.snapshot = Math.max(known, sequence);
  }

  #snapshots() {
    return this.#store.map(`${this.#machine.kind}-snapshots`);
  }
}
