// One document, two editors: each has a bidi stream, sends one operation at a time and takes the changes of all.
import type { Call } from '../browser/index.js';
import { client, fail, find, hueOf, make, SERVICE, say } from './scene.js';
import { after, apply, moved, type Splice, spliceBetween } from './shared-text.js';

interface DocumentUpdate {
  readonly userId?: string;
  readonly content?: string;
  readonly revision?: number;
  readonly activeUsers?: readonly string[];
  readonly operation?: { readonly operationId?: string };
}

/** One pane: what the service last said, and what was typed on top of it. */
class Editor {
  readonly user: string;
  readonly #area: HTMLTextAreaElement;
  readonly #last: HTMLElement;
  #call: Call<DocumentUpdate> | undefined;
  #document = '';
  /** The document at `#revision`. */
  #base = '';
  #revision = 0;
  /** The operation that is on its way, until it comes back. */
  #sending: string | undefined;
  #operations = 0;

  constructor(user: string, side: string) {
    this.user = user;
    this.#area = find(side, HTMLTextAreaElement);
    this.#last = find(`${side}-last`, HTMLElement);
    find(`${side}-name`, HTMLElement).style.setProperty('--hue', hueOf(user));
    this.#area.addEventListener('input', () => this.#send());
  }

  async open(document: string): Promise<void> {
    this.#call?.cancel();
    const call = client.call<DocumentUpdate & Record<string, unknown>>(`${SERVICE}/CollaborativeEdit`);
    this.#call = call;
    this.#document = document;
    this.#sending = undefined;
    this.#area.disabled = true;
    try {
      // Without an operation: it opens the document.
      await call.send({ userId: this.user, documentId: document });
      for await (const update of call.messages) this.#take(update);
    } catch (reason) {
      if (this.#call === call) fail(reason);
    }
    this.#area.disabled = true;
  }

  /** What the service says counts; what was typed meanwhile is moved to where it belongs now. */
  #take({ userId = '', content = '', revision = 0, activeUsers = [], operation }: DocumentUpdate): void {
    const typed = spliceBetween(this.#base, this.#area.value);
    const change = spliceBetween(this.#base, content);
    const isFirst = this.#area.disabled;
    const isOwn = operation?.operationId !== undefined && operation.operationId === this.#sending;
    this.#base = content;
    this.#revision = revision;
    if (isFirst) this.#show(content, undefined);
    else if (!isOwn) this.#show(apply(content, after(typed, change)), change);
    if (isOwn) this.#sending = undefined;
    this.#area.disabled = false;
    if (userId !== '' && !isOwn) this.#last.textContent = `${userId} has edited, revision ${revision}`;
    showPeople(activeUsers);
    this.#send();
  }

  #show(text: string, change: Splice | undefined): void {
    const { selectionStart, selectionEnd } = this.#area;
    this.#area.value = text;
    if (change === undefined || document.activeElement !== this.#area) return;
    // What another inserts right at the caret comes behind it: one goes on where one wrote.
    const place = (at: number) => (at <= change.at ? at : moved(at, change));
    this.#area.setSelectionRange(place(selectionStart), place(selectionEnd));
  }

  /** The next operation, if one is due. What replaces text goes as two: first it is removed. */
  #send(): void {
    if (this.#sending !== undefined || this.#area.disabled) return;
    const { at: position, removed, inserted } = spliceBetween(this.#base, this.#area.value);
    if (removed === 0 && inserted === '') return;
    const operation =
      removed > 0
        ? { operationType: 'DELETE', position, length: removed }
        : { operationType: 'INSERT', position, content: inserted };
    this.#operations += 1;
    this.#sending = `${this.user}-${Date.now()}-${this.#operations}`;
    const known = { userId: this.user, documentId: this.#document, baseRevision: this.#revision };
    this.#call?.send({ ...known, ...operation, operationId: this.#sending }).catch(fail);
  }
}

function showPeople(names: readonly string[]): void {
  const people = names.flatMap((name) => {
    const made = make('span', { class: 'name' }, name);
    made.style.setProperty('--hue', hueOf(name));
    return [made, ' '];
  });
  find('people', HTMLElement).replaceChildren(...people);
}

const editors = [new Editor('ann', 'left'), new Editor('bob', 'right')];

function open(): void {
  const name = find('document', HTMLInputElement).value;
  say(`editing ${name}`);
  for (const editor of editors) void editor.open(name);
}

find('open', HTMLFormElement).addEventListener('submit', (event) => {
  event.preventDefault();
  open();
});
open();
