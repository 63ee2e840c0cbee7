import fc from 'fast-check';
import t from 'tap';
import {
  after,
  apply,
  crossed,
  moved,
  type Splice,
  spliceBetween,
} from '../../../clients/scenes/shared-text.js';

const text = fc.string({ unit: fc.constantFrom('a', 'b', 'c', '\n', '😀', '😁'), maxLength: 12 });

t.test('a splice makes the one text of the other, and is the shortest that does', (t) => {
  fc.assert(
    fc.property(text, text, (before, next) => {
      const splice = spliceBetween(before, next);
      if (apply(before, splice) !== next) return false;
      const { at, removed, inserted } = splice;
      // What it takes away and puts in have no character in common at either end, and are whole characters.
      const [taken, put] = [[...before.slice(at, at + removed)], [...inserted]];
      if ([...taken, ...put].some((one) => /^\p{Surrogate}$/u.test(one))) return false;
      return taken.length === 0 || put.length === 0 || (taken[0] !== put[0] && taken.at(-1) !== put.at(-1));
    }),
    { numRuns: 2_000 },
  );
  t.end();
});

/** Changes of a text, each of what the one before has made. */
function changesOf(base: string, choices: readonly (readonly [number, number, string])[]): Splice[] {
  let length = base.length;
  return choices.map(([place, size, inserted]) => {
    const at = place % (length + 1);
    const removed = inserted === '' ? Math.min(size, length - at) : 0;
    length += inserted.length - removed;
    return { at, removed, inserted };
  });
}

t.test('two lists of changes lead to one text, whichever is made first, and lose no letter', (t) => {
  const choices = (letters: string) =>
    fc.array(
      fc.tuple(fc.nat(30), fc.integer({ min: 1, max: 6 }), fc.constantFrom('', letters, letters.slice(1))),
      { maxLength: 5 },
    );
  fc.assert(
    fc.property(choices('xyz'), choices('XYZ'), (one, other) => {
      const base = 'abcdefghij';
      const [mine, theirs] = [changesOf(base, one), changesOf(base, other)];
      const [mineAfter, theirsAfter] = crossed(mine, theirs);
      const [left, right] = [
        [...mine, ...theirsAfter],
        [...theirs, ...mineAfter],
      ].map((changes) => changes.reduce(apply, base));
      const kept = (changes: readonly Splice[]) => changes.reduce(apply, base).match(/[xyz]/gi)?.length ?? 0;
      return left === right && (left?.match(/[xyz]/gi)?.length ?? 0) === kept(mine) + kept(theirs);
    }),
    { numRuns: 2_000 },
  );
  t.end();
});

t.test('what is removed twice is removed once, and what comes between stays', (t) => {
  const change = { at: 1, removed: 2, inserted: '' };
  t.same(after(change, change, 'later'), []);
  t.same(after(change, { at: 2, removed: 0, inserted: 'xy' }, 'later'), [
    { at: 1, removed: 1, inserted: '' },
    { at: 3, removed: 1, inserted: '' },
  ]);
  t.equal(moved(0, change), 0);
  t.equal(moved(2, change), 1);
  t.equal(moved(3, change), 1);
  t.equal(moved(1, { at: 1, removed: 0, inserted: 'xy' }), 3);
  t.end();
});
