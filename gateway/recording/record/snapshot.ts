import type { DescField } from '@bufbuild/protobuf';
import { scalarKey } from '../../codec/index.js';
import type { Batch } from '../../upstream/index.js';
import type { Journal, JournalIndex } from './journal.js';

/** What a key costs at most, with its place in the map: 61 to 141 bytes were measured, for keys of 8 to 65 characters. */
const KEY_BYTES = 150;

/** Which message is the newest of each value of a field. Its journal counts what that costs. */
export class Snapshot implements JournalIndex {
  readonly #key: DescField;
  readonly #journal: Journal;
  #newest = new Map<string, number>();

  constructor(key: DescField, journal: Journal) {
    this.#key = key;
    this.#journal = journal;
    journal.index = this;
  }

  get heldBytes(): number {
    return this.#newest.size * KEY_BYTES;
  }

  /** The messages of a batch from `from` on, up to where it was taken, were written down as the newest of the journal. */
  note(batch: Batch, from: number): void {
    const before = this.#newest.size;
    const { firstSeq, lastSeq } = this.#journal;
    // What is of index 0 has the number `first`; of a large batch the beginning may be gone again.
    const first = lastSeq - batch.at + 1;
    for (let index = Math.max(from, firstSeq - first); index < batch.at; index += 1) {
      const key = keyOf(batch.message(index), this.#key);
      // Behind all others, so that numbers grow.
      this.#newest.delete(key);
      this.#newest.set(key, first + index);
    }
    this.evicted();
    if (this.#newest.size > before) this.#journal.indexGrew();
  }

  /** Forgets when most keys are of messages that are gone: so that costs what their coming has cost, and no more. */
  evicted(): boolean {
    const { firstSeq, lastSeq } = this.#journal;
    if (this.#newest.size <= 2 * (lastSeq - firstSeq + 1)) return false;
    this.#forget();
    return true;
  }

  /** The numbers of the newest messages, one for each value, as far as they are kept; growing. */
  list(): number[] {
    this.#forget();
    return [...this.#newest.values()];
  }

  #forget(): void {
    const { firstSeq } = this.#journal;
    for (const [key, seq] of this.#newest) {
      if (seq >= firstSeq) break;
      this.#newest.delete(key);
    }
  }
}

/** How many numbers at the beginning follow one another. */
export function inRow(numbers: readonly number[]): number {
  let count = 1;
  while (numbers[count] === (numbers[0] as number) + count) count += 1;
  return count;
}

/** Bytes that are no message have one key for all: who reads them fails, as without a recording. */
function keyOf(message: Uint8Array, field: DescField): string {
  try {
    return scalarKey(message, field);
  } catch {
    return '\0';
  }
}
