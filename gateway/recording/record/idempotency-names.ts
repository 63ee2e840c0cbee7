import type { Recording } from './recording.js';

/** Equal requests that share a call have a key each, of which so many are kept for one call: the oldest goes first. */
const MOST_NAMES = 1_000;

/** The recordings that an `Idempotency-Key` stands for, with whose it is: see `nameOf`. */
export class IdempotencyNames {
  readonly #recordings = new Map<string, Recording>();
  readonly #names = new Map<Recording, Set<string>>();

  /** The recording of a name. */
  find(name: string): Recording | undefined {
    return this.#recordings.get(name);
  }

  /** It stands for this recording from now on. */
  add(recording: Recording, name: string): void {
    if (this.#recordings.get(name) === recording) return;
    const names = this.#names.get(recording) ?? new Set();
    this.#names.set(recording, names);
    const [oldest] = names;
    if (names.size >= MOST_NAMES && oldest !== undefined) this.#remove(recording, names, oldest);
    names.add(name);
    this.#recordings.set(name, recording);
  }

  /** Nothing of it is left. */
  forget(recording: Recording): void {
    const names = this.#names.get(recording);
    this.#names.delete(recording);
    if (names !== undefined) for (const name of names) this.#remove(recording, names, name);
  }

  #remove(recording: Recording, names: Set<string>, name: string): void {
    names.delete(name);
    // It may stand for another one by now.
    if (this.#recordings.get(name) === recording) this.#recordings.delete(name);
  }
}
