/** One change of a text: `removed` letters at `at` are gone, and `inserted` stands there. Letters are UTF-16 code units. */
export interface Splice {
  readonly at: number;
  readonly removed: number;
  readonly inserted: string;
}

/** What has to be done to `before` to get `after`, as one change that is as short as it can be. */
export function spliceBetween(before: string, after: string): Splice {
  const most = Math.min(before.length, after.length);
  let at = 0;
  while (at < most && before[at] === after[at]) at += 1;
  let end = 0;
  while (end < most - at && before[before.length - 1 - end] === after[after.length - 1 - end]) end += 1;
  return { at, removed: before.length - at - end, inserted: after.slice(at, after.length - end) };
}

export function apply(text: string, { at, removed, inserted }: Splice): string {
  return text.slice(0, at) + inserted + text.slice(at + removed);
}

/** The place of a letter after a change; one in what was removed, and one right where something is inserted, is behind that. */
export function moved(place: number, { at, removed, inserted }: Splice): number {
  if (place < at) return place;
  return place >= at + removed ? place + inserted.length - removed : at + inserted.length;
}

/** The same change after another one of the same text has been made: what both remove is removed once. */
export function after(change: Splice, other: Splice): Splice {
  const at = moved(change.at, other);
  const end = moved(change.at + change.removed, other);
  return { at, removed: Math.max(0, end - at), inserted: change.inserted };
}
