import t from 'tap';
import { type Cost, faultOfGrowth, fill } from './growth.js';

t.test('the measure tells the square from n log n', async (t) => {
  const textWork = (name: string, work: (text: string) => unknown): Cost => ({
    name,
    prepare: (size) => {
      const text = `1${fill('0', size)}1`;
      return () => work(text);
    },
  });
  // What stood in the product once, and its relatives.
  const bad = [
    textWork('an expression', (text) => text.replace(/0+$/, '')),
    textWork('a copy a part', (text) => {
      let parts: string[] = [];
      for (const part of text.split('')) parts = [...parts, part];
      return parts;
    }),
  ];
  for (const cost of bad) t.ok(faultOfGrowth(cost), cost.name);
  const good = [
    textWork('a sort', (text) => text.split('').sort()),
    textWork('a map', (text) => new Map(text.split('').map((part, at) => [`${part}${at}`, at]))),
    textWork('nothing', () => undefined),
  ];
  for (const cost of good) t.equal(faultOfGrowth(cost), undefined);
});
