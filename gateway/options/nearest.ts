/** Names are compared by so many characters at most. */
const MAX_COMPARED = 200;

/** The most letters that may differ, however long a name is: what is further away was not a slip. */
const MAX_DISTANCE = 8;

/**
 * The candidate that somebody who wrote `given` most likely meant; `undefined` when none is near: a quarter of the letters may differ, one at
 * least. Costs at most 17 x 200 steps for each candidate.
 */
export function nearest(given: string, candidates: Iterable<string>): string | undefined {
  const wanted = plain(given);
  let best: string | undefined;
  let within = Math.min(MAX_DISTANCE, Math.max(1, Math.floor(wanted.length / 4)));
  for (const candidate of candidates) {
    const distance = editDistance(wanted, plain(candidate), within);
    if (distance > within) continue;
    best = candidate;
    within = distance - 1;
    if (within < 0) break;
  }
  return best;
}

/** ", did you mean --listen?", or nothing. `show` writes a candidate as it is written where it belongs. */
export function didYouMean(
  given: string,
  candidates: Iterable<string>,
  show = (candidate: string) => candidate,
): string {
  const meant = nearest(given, candidates);
  return meant === undefined ? '' : `, did you mean ${show(meant)}?`;
}

/** `max_messages`, `max-messages` and `MaxMessages` are the same wish. */
function plain(name: string): string {
  return name.slice(0, MAX_COMPARED).toLowerCase().replace(/[_-]/g, '');
}

/**
 * Letters to add, remove or change, where two neighbours that changed places are one change (optimal string alignment); any number above `within` when there
 * are more than that.
 */
function editDistance(a: string, b: string, within: number): number {
  if (Math.abs(a.length - b.length) > within) return within + 1;
  const far = within + 1;
  let row = Array.from({ length: b.length + 1 }, (_, index) => Math.min(index, far));
  let before = row;
  for (let i = 1; i <= a.length; i += 1) {
    // Only columns this near to the diagonal can hold a distance that counts.
    const first = Math.max(1, i - within);
    const last = Math.min(b.length, i + within);
    const next = new Array<number>(b.length + 1).fill(far);
    if (first === 1) next[0] = Math.min(i, far);
    let least = next[0] as number;
    for (let j = first; j <= last; j += 1) {
      const change = (row[j - 1] as number) + (a[i - 1] === b[j - 1] ? 0 : 1);
      const isSwap = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      const swap = isSwap ? (before[j - 2] as number) + 1 : far;
      const distance = Math.min(change, swap, (row[j] as number) + 1, (next[j - 1] as number) + 1);
      next[j] = distance;
      least = Math.min(least, distance);
    }
    // A swap reaches one row further back.
    if (least > within && !row.some((cost) => cost < within)) return far;
    before = row;
    row = next;
  }
  return row[b.length] as number;
}
