import { createHash } from 'node:crypto';
import type { BatchResult } from '../../../proto/types/streaming/BatchResult.js';

/** Failed ids that a result lists: the first ones of the stream. `failed_count` stays exact. */
export const MAX_FAILED_IDS = 1_000;
/** A duplicate is seen when its first is at most so many items before it; remembering every id would have no bound. */
export const DUPLICATE_WINDOW = 65_536;

/** What became of the items, in bounded memory whatever their number. Items finish in any order. */
export class BatchTally {
  #processed = 0;
  #failed = 0;
  /** The failed items that came first in the stream, sorted by their index in it. */
  readonly #listed: { readonly index: number; readonly name: string }[] = [];

  succeeded(): void {
    this.#processed++;
  }

  /** `name` is what is listed. */
  failed(index: number, name: string): void {
    this.#processed++;
    this.#failed++;
    // From the back: with a few items in work at once, the place is near the end.
    let place = this.#listed.length;
    while (place > 0 && (this.#listed[place - 1]?.index ?? 0) > index) place--;
    if (place === MAX_FAILED_IDS) return;
    this.#listed.splice(place, 0, { index, name });
    if (this.#listed.length > MAX_FAILED_IDS) this.#listed.pop();
  }

  result(): BatchResult {
    return {
      processed_count: this.#processed,
      success_count: this.#processed - this.#failed,
      failed_count: this.#failed,
      failed_ids: this.#listed.map((item) => item.name),
    };
  }
}

/** The ids of the last `DUPLICATE_WINDOW` items. */
export class RecentIds {
  readonly #seen = new Set<string>();

  /** False when that id is among them already. */
  add(id: string): boolean {
    // 132 bits each, however long the id is.
    const digest = createHash('sha256').update(id).digest('base64url').slice(0, 22);
    if (this.#seen.has(digest)) return false;
    this.#seen.add(digest);
    for (const oldest of this.#seen) {
      if (this.#seen.size <= DUPLICATE_WINDOW) break;
      this.#seen.delete(oldest);
    }
    return true;
  }
}
