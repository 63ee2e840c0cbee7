import fc from 'fast-check';
import t from 'tap';
import {
  applyOperation,
  emptyText,
  lengthChange,
  type Operation,
  type RichText,
  singleRangeSteps,
  transform,
} from '../../../../grpc-core/rooms/edit/index.js';

/** An operation of any kind that fits a document of that length, from three numbers below 1. */
function operationFrom(length: number, [kind, a, b]: [number, number, number], text: string): Operation {
  const from = Math.floor(a * (length + 1));
  const to = Math.floor(b * (length + 1));
  if (kind < 0.4 || from === to) return { kind: 'INSERT', position: from, text };
  const ranges = [{ start: Math.min(from, to), end: Math.max(from, to) }];
  if (kind < 0.7) return { kind: 'DELETE', ranges };
  return { kind: 'FORMAT', ranges, format: kind < 0.8 ? '' : kind < 0.9 ? 'bold' : 'italic' };
}

// Not fc.double: most of its numbers are next to 0, and then everything is an INSERT.
const part = fc.integer({ min: 0, max: 999 }).map((n) => n / 1000);
const numbers = fc.tuple(part, part, part);
const letters = fc.string({ minLength: 1, maxLength: 3 });

/** A document with formats, made by operations. */
const document = fc
  .array(fc.tuple(numbers, letters), { maxLength: 12 })
  .map((history) =>
    history.reduce<RichText>(
      (text, [n, s]) => applyOperation(text, operationFrom(text.content.length, n, s)),
      applyOperation(emptyText, { kind: 'INSERT', position: 0, text: 'abcdefgh' }),
    ),
  );

t.test('two concurrent operations converge in either order, for every pair of kinds (TP1)', async (t) => {
  const pairs = new Set<string>();
  fc.assert(
    fc.property(document, numbers, numbers, letters, letters, (text, n1, n2, s1, s2) => {
      const first = operationFrom(text.content.length, n1, s1);
      const second = operationFrom(text.content.length, n2, s2);
      pairs.add(`${first.kind} ${second.kind}`);
      const one = applyOperation(applyOperation(text, first), transform(second, first, 'later'));
      const two = applyOperation(applyOperation(text, second), transform(first, second, 'earlier'));
      return JSON.stringify(one) === JSON.stringify(two);
    }),
    { numRuns: 5_000 },
  );
  t.equal(pairs.size, 9, 'all nine pairs came up');
});

t.test('operations whose ranges were split converge, too', async (t) => {
  fc.assert(
    fc.property(
      document,
      numbers,
      fc.array(fc.tuple(numbers, letters), { maxLength: 8 }),
      (text, n, others) => {
        // `mine` waits while the others happen; each of them is transformed against it in turn.
        let mine = operationFrom(text.content.length, n, 'xyz');
        let theirs = text;
        let both = applyOperation(text, mine);
        for (const [numbersOfOther, s] of others) {
          const other = operationFrom(theirs.content.length, numbersOfOther, s);
          both = applyOperation(both, transform(other, mine, 'earlier'));
          theirs = applyOperation(theirs, other);
          mine = transform(mine, other, 'later');
        }
        const end = applyOperation(theirs, mine);
        return JSON.stringify(end) === JSON.stringify(both);
      },
    ),
    { numRuns: 5_000 },
  );
  t.pass('5,000 runs');
});

t.test('single-range steps, one after the other, do the same as the whole', async (t) => {
  fc.assert(
    fc.property(document, numbers, numbers, letters, (text, n, inside, s) => {
      const operation = operationFrom(text.content.length, n, 'xyz');
      const insert: Operation = {
        kind: 'INSERT',
        position: Math.floor(inside[1] * (text.content.length + 1)),
        text: s,
      };
      const split = transform(operation, insert, 'later');
      const before = applyOperation(text, insert);
      const whole = applyOperation(before, split);
      const steps = singleRangeSteps(split);
      const stepped = steps.reduce(applyOperation, before);
      const grown = steps.reduce((sum, step) => sum + lengthChange(step), 0);
      return (
        steps.length > 0 &&
        whole.content.length - before.content.length === grown &&
        JSON.stringify(whole) === JSON.stringify(stepped)
      );
    }),
    { numRuns: 5_000 },
  );
  t.pass('5,000 runs');
});

t.test('the rules, one by one', async (t) => {
  const text: RichText = { content: 'hello world', formats: [] };
  const insert = (position: number, inserted: string): Operation => ({
    kind: 'INSERT',
    position,
    text: inserted,
  });
  const remove = (start: number, end: number): Operation => ({ kind: 'DELETE', ranges: [{ start, end }] });
  const format = (start: number, end: number, name: string): Operation => ({
    kind: 'FORMAT',
    ranges: [{ start, end }],
    format: name,
  });
  const after = (first: Operation, second: Operation) =>
    applyOperation(applyOperation(text, first), transform(second, first, 'later'));

  t.equal(after(insert(5, 'A'), insert(5, 'B')).content, 'helloAB world', 'the earlier insert comes first');
  t.equal(
    after(insert(8, 'NEW'), remove(6, 11)).content,
    'hello NEW',
    'text inserted in what is deleted stays',
  );
  t.equal(after(remove(6, 11), insert(8, 'NEW')).content, 'hello NEW', 'in the other order, too');
  t.equal(after(remove(0, 6), remove(3, 8)).content, 'rld', 'what both delete is deleted once');
  t.same(after(remove(0, 6), remove(1, 5)).content, 'world', 'nothing left to delete');
  t.same(
    after(format(0, 5, 'bold'), format(3, 8, 'italic')).formats,
    [
      { start: 0, end: 3, format: 'bold' },
      { start: 3, end: 8, format: 'italic' },
    ],
    'the later format wins where they meet',
  );
  t.same(after(format(0, 11, 'bold'), format(2, 4, '')).formats, [
    { start: 0, end: 2, format: 'bold' },
    { start: 4, end: 11, format: 'bold' },
  ]);
  t.same(after(remove(0, 2), format(0, 5, 'bold')).formats, [{ start: 0, end: 3, format: 'bold' }]);
});
