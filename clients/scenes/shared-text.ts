/** One change of a text: `removed` letters at `at` are gone, and `inserted` stands there. Letters are UTF-16 code units. */
export interface Splice {
  readonly at: number;
  readonly removed: number;
  readonly inserted: string;
}

/** What has to be done to `before` to get `after`, as one change that is as short as it can be and cuts no character in two. */
export function spliceBetween(before: string, after: string): Splice {
  const most = Math.min(before.length, after.length);
  let at = 0;
  while (at < most && before[at] === after[at]) at += 1;
  if (isHighSurrogate(before, at - 1)) at -= 1;
  let end = 0;
  while (end < most - at && before[before.length - 1 - end] === after[after.length - 1 - end]) end += 1;
  if (end > 0 && isHighSurrogate(before, before.length - end - 1)) end -= 1;
  return { at, removed: before.length - at - end, inserted: after.slice(at, after.length - end) };
}

function isHighSurrogate(text: string, at: number): boolean {
  return /[\ud800-\udbff]/.test(text[at] ?? '');
}

export function apply(text: string, { at, removed, inserted }: Splice): string {
  return text.slice(0, at) + inserted + text.slice(at + removed);
}

/** Where a place is after a change; a place in what was removed is where that was, and one right where something is inserted is behind it. */
export function moved(place: number, { at, removed, inserted }: Splice): number {
  return place < at ? place : Math.max(at, place - removed) + inserted.length;
}

/**
 * A change after another one of the same text, both of one kind: either they remove or they insert. What both remove is removed once, and what
 * one inserts into what the other removes stays: then it is two changes, each of the text after the one before. Of two that insert at
 * one place the `later` one comes behind. These are the rules of the service, so that both come to the same text.
 */
export function after(change: Splice, other: Splice, order: 'earlier' | 'later'): Splice[] {
  const { at, removed, inserted } = change;
  if (inserted !== '') {
    const stays = at === other.at && other.inserted !== '' && order === 'earlier';
    return [stays ? change : { ...change, at: moved(at, other) }];
  }
  const isCut = other.inserted !== '' && at < other.at && other.at < at + removed;
  if (isCut) {
    const first = { ...change, removed: other.at - at };
    return [first, { ...change, at: at + other.inserted.length, removed: removed - first.removed }];
  }
  const start = moved(at, other);
  const end = other.inserted !== '' && other.at >= at + removed ? at + removed : moved(at + removed, other);
  return end > start ? [{ ...change, at: start, removed: end - start }] : [];
}

/** Two lists of changes of one text, each one after the other list. `mine` are the later ones. */
export function crossed(mine: readonly Splice[], theirs: readonly Splice[]): [Splice[], Splice[]] {
  const [first, ...rest] = mine;
  const [other, ...others] = theirs;
  if (first === undefined || other === undefined) return [[...mine], [...theirs]];
  if (rest.length > 0) {
    const [moved, left] = crossed([first], theirs);
    const [behind, passed] = crossed(rest, left);
    return [[...moved, ...behind], passed];
  }
  const [met, passed] = [after(first, other, 'later'), after(other, first, 'earlier')];
  if (others.length === 0) return [met, passed];
  const [last, left] = crossed(met, others);
  return [last, [...passed, ...left]];
}

/** What the service says of a document: its text, and the change that has just been made. */
export interface Update {
  readonly content: string;
  readonly revision: number;
  /** Nothing when the document is opened. */
  readonly change: Splice | undefined;
  /** The id that the change was sent with. */
  readonly id: string | undefined;
}

/**
 * A document as one editor has it: what the service has said, a change that is on its way to it, and changes that wait until that has come
 * back. Whatever comes in meanwhile goes below them, so that all editors come to the same text and none loses what it typed.
 */
export class SharedText {
  #content = '';
  #revision = 0;
  #sending: string | undefined;
  /** What of the change on its way has not come back: in parts, where others inserted into what it removes. */
  #sent: Splice[] = [];
  #typed: Splice[] = [];

  /** What the editor shows. */
  get text(): string {
    return [...this.#sent, ...this.#typed].reduce(apply, this.#content);
  }

  /** Whether all that was typed has come back. */
  get isSettled(): boolean {
    return this.#sending === undefined && this.#typed.length === 0;
  }

  /** Takes the text that stands in the editor now. */
  type(text: string): void {
    const { at, removed, inserted } = spliceBetween(this.text, text);
    if (removed > 0) this.#typed.push({ at, removed, inserted: '' });
    if (inserted === '') return;
    const last = this.#typed.at(-1);
    // One goes on where one wrote: that is one change.
    if (last !== undefined && last.removed === 0 && last.at + last.inserted.length === at)
      this.#typed.splice(-1, 1, { ...last, inserted: last.inserted + inserted });
    else this.#typed.push({ at, removed: 0, inserted });
  }

  /** Takes what the service says. Returns the changes that it makes to what the editor shows. */
  take({ content, revision, change, id }: Update): Splice[] {
    this.#content = content;
    this.#revision = revision;
    const isOwn = id !== undefined && id === this.#sending;
    let shown = change === undefined ? [] : [change];
    if (isOwn && change !== undefined && change.inserted !== '') {
      this.#sent = [];
      shown = [];
    } else {
      [this.#sent, shown] = crossed(this.#sent, shown);
      [this.#typed, shown] = crossed(this.#typed, shown);
    }
    if (isOwn && this.#sent.length === 0) this.#sending = undefined;
    return shown;
  }

  /** The next change to send, and the revision that it means; nothing while one is on its way or none waits. */
  next(id: string): (Splice & { readonly baseRevision: number }) | undefined {
    if (this.#sending !== undefined) return undefined;
    const change = this.#typed.shift();
    if (change === undefined) return undefined;
    this.#sending = id;
    this.#sent = [change];
    return { ...change, baseRevision: this.#revision };
  }
}
