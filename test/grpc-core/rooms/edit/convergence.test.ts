import fc from 'fast-check';
import t from 'tap';
import type { Operation, RichText } from '../../../../grpc-core/rooms/edit/index.js';
import { MemoryStore } from '../memory-store.js';
import { openRooms, stores } from '../subjects.js';
import { Editor } from './editor.js';

const EDITORS = 5;
const EDITS = 12;

/** Numbers below 1 that a seed gives (mulberry32), so that a failing run can be run again. */
function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

function anyOperation(text: RichText, random: () => number): Operation {
  const place = () => Math.floor(random() * (text.content.length + 1));
  const [a, b, kind] = [place(), place(), random()];
  if (kind < 0.5 || a === b) {
    return { kind: 'INSERT', position: a, text: 'abcdefghij'.slice(0, 1 + Math.floor(random() * 6)) };
  }
  const ranges = [{ start: Math.min(a, b), end: Math.max(a, b) }];
  if (kind < 0.75) return { kind: 'DELETE', ranges };
  return { kind: 'FORMAT', ranges, format: ['', 'bold', 'italic'][Math.floor(random() * 3)] ?? '' };
}

/** Editors type and read at random moments until all have typed everything and seen everything. */
async function converge(editors: readonly Editor[], random: () => number): Promise<void> {
  const left = editors.map(() => EDITS);
  await Promise.all(
    editors.map(async (editor, index) => {
      await editor.receive();
      while ((left[index] ?? 0) > 0) {
        for (let pause = Math.floor(random() * 6); pause > 0; pause--) {
          await new Promise((resolve) => setImmediate(resolve));
        }
        editor.edit(anyOperation(editor.text, random));
        left[index] = (left[index] ?? 0) - 1;
        if (random() < 0.6 && !editor.settled) await editor.receive();
      }
      while (!editor.settled) await editor.receive();
    }),
  );
  const newest = Math.max(...editors.map((editor) => editor.revision));
  for (const editor of editors) while (editor.revision < newest) await editor.receive();
}

t.test('editors on two replicas, typing at random moments, all come to the same document', async (t) => {
  let conflicts = 0;
  await fc.assert(
    fc.asyncProperty(fc.integer(), async (seed) => {
      const random = randomFrom(seed);
      const store = new MemoryStore();
      const replicas = [openRooms(t, store), openRooms(t, store)];
      const editors = Array.from({ length: EDITORS }, (_, n) => {
        const rooms = replicas[n % 2];
        if (rooms === undefined) throw new Error('no replica');
        return new Editor(rooms, `user${n}`);
      });
      await converge(editors, random);
      const texts = new Set(editors.map((editor) => JSON.stringify(editor.text)));
      const late = new Editor(openRooms(t, store), 'late');
      await late.receive();
      texts.add(JSON.stringify(late.text));
      for (const editor of [...editors, late]) await editor.conversation.vanish();
      conflicts += store.conflicts;
      return texts.size === 1 && store.following === 0;
    }),
    { numRuns: 15 },
  );
  t.ok(conflicts > 50, `the replicas did meet: ${conflicts} conflicts`);
});

t.test('on the embedded store, too', async (t) => {
  const open = stores.find(([name]) => name === 'embedded')?.[1];
  if (open === undefined) throw new Error('no embedded store');
  const rooms = openRooms(t, await open(t));
  const editors = Array.from({ length: EDITORS }, (_, n) => new Editor(rooms, `user${n}`));
  await converge(editors, randomFrom(42));
  t.equal(new Set(editors.map((editor) => JSON.stringify(editor.text))).size, 1);
  for (const editor of editors) await editor.conversation.vanish();
});
