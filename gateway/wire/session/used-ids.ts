import { SessionCloseCode, SessionFault } from './frames.js';

/** Gaps in the order of ids that a session may make. Ids that grow one by one make none, so only a strange client gets here. */
const MAX_GAPS = 10_000;

/**
 * Every id that a client has used, for as long as its session lives. Ids are kept as intervals, so that a client which counts
 * costs one of them however many calls it makes.
 */
export class UsedIds {
  /** First and last id of each interval, in order; no two of them touch. */
  readonly #firsts: number[] = [];
  readonly #lasts: number[] = [];

  has(id: number): boolean {
    const index = this.#before(id);
    return index >= 0 && id <= (this.#lasts[index] as number);
  }

  /** Adds an id. Throws `SessionFault` for one that is used, and when there are too many gaps. */
  add(id: number): void {
    const index = this.#before(id);
    const last = this.#lasts[index] ?? -1;
    if (index >= 0 && id <= last) throw new SessionFault(`id ${id} was used before`);
    const joinsLeft = index >= 0 && last + 1 === id;
    const joinsRight = this.#firsts[index + 1] === id + 1;
    if (joinsLeft && joinsRight) {
      this.#lasts[index] = this.#lasts[index + 1] as number;
      this.#firsts.splice(index + 1, 1);
      this.#lasts.splice(index + 1, 1);
    } else if (joinsLeft) this.#lasts[index] = id;
    else if (joinsRight) this.#firsts[index + 1] = id;
    else {
      // Intervals are one more than the gaps between them.
      if (this.#firsts.length > MAX_GAPS) {
        throw new SessionFault(`more than ${MAX_GAPS} gaps in the order of ids`, SessionCloseCode.tooMany);
      }
      this.#firsts.splice(index + 1, 0, id);
      this.#lasts.splice(index + 1, 0, id);
    }
  }

  /** The index of the last interval that does not begin after `id`; -1 when there is none. */
  #before(id: number): number {
    let low = 0;
    let high = this.#firsts.length;
    // Most clients count upwards.
    if (high > 0 && (this.#firsts[high - 1] as number) <= id) return high - 1;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#firsts[middle] as number) <= id) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }
}
