import t from 'tap';
import { type FirstCredit, walk } from './walk.js';

const FIRST: readonly [what: string, FirstCredit][] = [
  ['the second message needs both credits', { messages: 1, bytes: 1 }],
  ['it needs bytes', { messages: 2, bytes: 1 }],
  ['the first one needs messages', { messages: 0, bytes: 1 }],
];

for (const [what, first] of FIRST) {
  t.test(`every order of three calls of two messages each: ${what}`, async (t) => {
    const { states, steps, ends } = await walk(first);
    t.comment(`${states} states, ${steps} steps`);
    // Everything ends in one way: each call has its messages in order, within its credit, and one end.
    t.equal(ends, 1);
    t.ok(states > 1_000);
  });
}
