import fc from 'fast-check';
import t from 'tap';
import { apply, SharedText, type Splice } from '../../../clients/scenes/shared-text.js';
import type { RoomHandlers } from '../../../grpc-core/rooms/index.js';
import type { DocumentUpdate } from '../../../proto/types/streaming/DocumentUpdate.js';
import type { EditOperation__Output } from '../../../proto/types/streaming/EditOperation.js';
import { Conversation } from '../../grpc-core/rooms/conversation.js';
import { blank } from '../../grpc-core/rooms/edit/editor.js';
import { MemoryStore } from '../../grpc-core/rooms/memory-store.js';
import { openRooms } from '../../grpc-core/rooms/subjects.js';

/** Each letter is typed once in a run, so that it is known which are to be there at the end. */
let letter = 0x4e00;

function changeOf(operation: DocumentUpdate['operation']): Splice | undefined {
  const { operation_type: kind, position = 0, length = 0, content = '' } = operation ?? {};
  if (kind === 'INSERT') return { at: position, removed: 0, inserted: content };
  return kind === 'DELETE' && length > 0 ? { at: position, removed: length, inserted: '' } : undefined;
}

/** An editor of the page without the page, on the handlers of the real service. */
class Pane {
  /** What stands in it. */
  area = '';
  /** The letters that were taken away in it. */
  readonly removed: string[] = [];
  readonly #conversation: Conversation<EditOperation__Output, DocumentUpdate>;
  readonly #shared = new SharedText();
  readonly #user: string;
  #joined = false;
  #operations = 0;
  revision = 0;

  constructor(rooms: RoomHandlers, user: string) {
    this.#user = user;
    this.#conversation = new Conversation(rooms.handlers.CollaborativeEdit);
    this.#conversation.send({ ...blank, user_id: user });
  }

  /** Whether nothing more comes for what was typed here. */
  get isSettled(): boolean {
    return this.#joined && this.#shared.isSettled;
  }

  /** Puts letters in the place of `removed` others, as a person would with a selection. */
  type(at: number, removed: number, count: number): string {
    const inserted = Array.from({ length: count }, () => {
      letter += 1;
      return String.fromCharCode(letter);
    }).join('');
    this.removed.push(...this.area.slice(at, at + removed));
    this.area = apply(this.area, { at, removed, inserted });
    this.#shared.type(this.area);
    this.#send();
    return inserted;
  }

  async receive(): Promise<void> {
    const { content = '', revision = 0, operation } = await this.#conversation.next();
    const id = operation?.operation_id;
    const shown = this.#shared.take({ content, revision, change: changeOf(operation), id });
    this.area = shown.reduce(apply, this.area);
    if (this.area !== this.#shared.text) throw new Error('the changes that are shown make another text');
    this.revision = revision;
    this.#joined = true;
    this.#send();
  }

  leave(): Promise<void> {
    return this.#conversation.vanish();
  }

  #send(): void {
    if (!this.#joined) return;
    const id = `${this.#user}-${this.#operations}`;
    const next = this.#shared.next(id);
    if (next === undefined) return;
    this.#operations += 1;
    this.#conversation.send({
      ...blank,
      user_id: this.#user,
      base_revision: next.baseRevision,
      operation_id: id,
      operation_type: next.removed > 0 ? 'DELETE' : 'INSERT',
      position: next.at,
      length: next.removed,
      content: next.inserted,
    });
  }
}

/** One moment: in which pane, whether it is typed in or hears of one update, and where and how much is replaced. */
const moment = fc.record({
  pane: fc.nat(2),
  types: fc.boolean(),
  at: fc.nat(40),
  removed: fc.integer({ min: -4, max: 5 }),
  count: fc.nat(3),
});

t.test(
  'whatever is typed in several panes while others type, all show one text and no letter is lost',
  async (t) => {
    await fc.assert(
      fc.asyncProperty(fc.array(moment, { minLength: 20, maxLength: 60 }), async (moments) => {
        const rooms = openRooms(t, new MemoryStore());
        const panes = ['ann', 'bob', 'eve'].map((user) => new Pane(rooms, user));
        for (const pane of panes) await pane.receive();
        const typed: string[] = [];
        const newest = () => Math.max(...panes.map(({ revision }) => revision));
        const hears = async (pane: Pane) => {
          const isDue = !pane.isSettled || pane.revision < newest();
          if (isDue) await pane.receive();
          return isDue;
        };
        for (const { pane: index, types, at, removed, count } of moments) {
          const pane = panes[index];
          if (pane === undefined) throw new Error('no such pane');
          const place = at % (pane.area.length + 1);
          const taken = Math.max(0, Math.min(removed, pane.area.length - place));
          if (types) typed.push(...pane.type(place, taken, count));
          else await hears(pane);
        }
        for (let isOver = false; !isOver; ) {
          const heard = await Promise.all(panes.map(hears));
          isOver = !heard.includes(true);
        }
        const [one = '', ...others] = panes.map(({ area }) => area);
        for (const pane of panes) await pane.leave();
        await rooms.close();
        const removed = new Set(panes.flatMap((pane) => pane.removed));
        const kept = typed.filter((one) => !removed.has(one)).sort();
        return others.every((area) => area === one) && [...one].sort().join('') === kept.join('');
      }),
      { numRuns: 150 },
    );
  },
);
