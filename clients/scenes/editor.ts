// One document, two editors: each has a bidi stream, sends one operation at a time and takes the changes of all.
import type { Call } from '../browser/index.js';
import { client, fail, find, hueOf, make, SERVICE, say } from './scene.js';
import { moved, SharedText, type Splice } from './shared-text.js';

interface Operation {
  readonly operationId?: string;
  readonly operationType?: string;
  readonly position?: number;
  readonly length?: number;
  readonly content?: string;
}

interface DocumentUpdate {
  readonly userId?: string;
  readonly content?: string;
  readonly revision?: number;
  readonly activeUsers?: readonly string[];
  readonly operation?: Operation;
}

/** What an operation does to the text. */
function changeOf({ operationType, position = 0, length = 0, content = '' }: Operation): Splice | undefined {
  if (operationType === 'INSERT') return { at: position, removed: 0, inserted: content };
  return operationType === 'DELETE' && length > 0
    ? { at: position, removed: length, inserted: '' }
    : undefined;
}

/** One pane: what the service last said, and what was typed on top of it. */
class Editor {
  readonly user: string;
  readonly #area: HTMLTextAreaElement;
  readonly #last: HTMLElement;
  #call: Call<DocumentUpdate> | undefined;
  #document = '';
  #shared = new SharedText();
  #operations = 0;

  constructor(user: string, side: string) {
    this.user = user;
    this.#area = find(side, HTMLTextAreaElement);
    this.#last = find(`${side}-last`, HTMLElement);
    find(`${side}-name`, HTMLElement).style.setProperty('--hue', hueOf(user));
    this.#area.addEventListener('input', () => {
      this.#shared.type(this.#area.value);
      this.#send();
    });
  }

  async open(document: string): Promise<void> {
    this.#call?.cancel();
    const call = client.call<DocumentUpdate & Record<string, unknown>>(`${SERVICE}/CollaborativeEdit`);
    this.#call = call;
    this.#document = document;
    this.#shared = new SharedText();
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

  #take({ userId = '', content = '', revision = 0, activeUsers = [], operation = {} }: DocumentUpdate): void {
    const change = changeOf(operation);
    this.#show(this.#shared.take({ content, revision, change, id: operation.operationId }));
    this.#area.disabled = false;
    if (userId !== '' && userId !== this.user)
      this.#last.textContent = `${userId} has edited, revision ${revision}`;
    showPeople(activeUsers);
    this.#send();
  }

  #show(changes: readonly Splice[]): void {
    const { selectionStart, selectionEnd, value } = this.#area;
    const { text } = this.#shared;
    if (text === value) return;
    this.#area.value = text;
    if (document.activeElement !== this.#area) return;
    // What another inserts right at the caret comes behind it: one goes on where one wrote.
    const place = (from: number) =>
      changes.reduce((at, change) => (at <= change.at ? at : moved(at, change)), from);
    this.#area.setSelectionRange(place(selectionStart), place(selectionEnd));
  }

  /** The next operation, if one is due. */
  #send(): void {
    if (this.#area.disabled) return;
    const operationId = `${this.user}-${Date.now()}-${this.#operations}`;
    const next = this.#shared.next(operationId);
    if (next === undefined) return;
    this.#operations += 1;
    const { at: position, removed, inserted, baseRevision } = next;
    const operation =
      removed > 0
        ? { operationType: 'DELETE', position, length: removed }
        : { operationType: 'INSERT', position, content: inserted };
    const known = { userId: this.user, documentId: this.#document, baseRevision };
    this.#call?.send({ ...known, ...operation, operationId }).catch(fail);
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
