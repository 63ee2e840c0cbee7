/** The candidate that somebody who wrote `given` most likely meant; `undefined` when none is near. */
export function nearest(given: string, candidates: Iterable<string>): string | undefined {
  const wanted = plain(given);
  let best: string | undefined;
  let bestDistance = 1 + Math.max(1, Math.floor(wanted.length / 4));
  for (const candidate of candidates) {
    const distance = editDistance(wanted, plain(candidate));
    if (distance < bestDistance) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best;
}

/** `max_messages`, `max-messages` and `MaxMessages` are the same wish. */
function plain(name: string): string {
  return name.toLowerCase().replace(/[_-]/g, '').slice(0, 200);
}

/** Letters to add, remove or change (Levenshtein). */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const change = (row[j - 1] as number) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(change, (row[j] as number) + 1, (next[j - 1] as number) + 1));
    }
    row = next;
  }
  return row[b.length] as number;
}
