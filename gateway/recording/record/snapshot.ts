import type { DescField } from '@bufbuild/protobuf';
import { scalarField } from '../../codec/index.js';
import type { Batch } from '../../upstream/index.js';

/** Below so many keys nothing is looked for that could be forgotten. */
const LEAST_KEYS = 1_024;

/** Which message is the newest of each value of a field. */
export class Snapshot {
  readonly #key: DescField;
  #newest = new Map<string, number>();

  constructor(key: DescField) {
    this.#key = key;
  }

  /** The messages of a batch from `from` on, up to where it was taken, were written down; the last one has the number `lastSeq`. `firstSeq`: the oldest that is kept. */
  note(batch: Batch, from: number, lastSeq: number, firstSeq: number): void {
    for (let index = from; index < batch.at; index += 1) {
      const key = keyOf(batch.message(index), this.#key);
      // Behind all others, so that numbers grow.
      this.#newest.delete(key);
      this.#newest.set(key, lastSeq - (batch.at - 1 - index));
    }
    if (this.#newest.size > LEAST_KEYS && this.#newest.size > 2 * (lastSeq - firstSeq + 1))
      this.#forget(firstSeq);
  }

  /** The numbers of the newest messages, one for each value, as far as they are kept; growing. */
  list(firstSeq: number): number[] {
    this.#forget(firstSeq);
    return [...this.#newest.values()];
  }

  #forget(firstSeq: number): void {
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
    return scalarField(message, field) ?? '';
  } catch {
    return '\0';
  }
}
