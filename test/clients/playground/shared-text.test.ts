import fc from 'fast-check';
import t from 'tap';
import { after, apply, moved, spliceBetween } from '../../../clients/scenes/shared-text.js';

const text = fc.string({ unit: fc.constantFrom('a', 'b', 'c', '\n'), maxLength: 12 });

t.test('a splice makes the one text of the other, and is the shortest that does', (t) => {
  fc.assert(
    fc.property(text, text, (before, next) => {
      const splice = spliceBetween(before, next);
      if (apply(before, splice) !== next) return false;
      const { removed, inserted } = splice;
      // What it takes away and puts in have no letter in common at either end.
      const [taken, put] = [before.slice(splice.at, splice.at + removed), inserted];
      return taken === '' || put === '' || (taken[0] !== put[0] && taken.at(-1) !== put.at(-1));
    }),
    { numRuns: 2_000 },
  );
  t.end();
});

t.test('what was typed keeps its letters when another change has come first', (t) => {
  fc.assert(
    fc.property(text, text, text, (base, typed, other) => {
      const mine = spliceBetween(base, typed);
      const theirs = spliceBetween(base, other);
      const both = apply(other, after(mine, theirs));
      return (
        both.includes(mine.inserted) &&
        both.length <= base.length + mine.inserted.length + theirs.inserted.length
      );
    }),
    { numRuns: 2_000 },
  );
  t.end();
});

t.test('a change that is made twice is made once where it only removes', (t) => {
  const change = { at: 1, removed: 2, inserted: '' };
  t.same(after(change, change), { at: 1, removed: 0, inserted: '' });
  t.equal(moved(0, change), 0);
  t.equal(moved(2, change), 1);
  t.equal(moved(3, change), 1);
  t.equal(moved(1, { at: 1, removed: 0, inserted: 'xy' }), 3);
  t.end();
});
