import t from 'tap';
import { type QueuedWriter, WriteQueue } from '../../../../gateway/surfaces/session/write-queue.js';

/** A call that takes so many turns and notes each. */
function caller(name: string, turns: number, log: string[]): QueuedWriter {
  let left = turns;
  return {
    takeTurn() {
      log.push(name);
      left -= 1;
      return left > 0;
    },
  };
}

t.test('calls take one turn each, in the order in which they came', async (t) => {
  const log: string[] = [];
  let room = 0;
  const turns = new WriteQueue(() => log.length < room);
  turns.add(caller('a', 3, log));
  turns.add(caller('b', 1, log));
  turns.add(caller('c', 2, log));
  t.same(log, [], 'nobody without room');
  room = 2;
  turns.run();
  t.same(log, ['a', 'b']);
  room = 100;
  turns.run();
  t.same(log, ['a', 'b', 'c', 'a', 'c', 'a']);
});

t.test('who stands in the queue keeps the place, and who is removed is not called', async (t) => {
  const log: string[] = [];
  let isOpen = false;
  const turns = new WriteQueue(() => isOpen);
  const [a, b, c] = ['a', 'b', 'c'].map((name) => caller(name, 1, log)) as [
    QueuedWriter,
    QueuedWriter,
    QueuedWriter,
  ];
  for (const call of [a, b, a, c]) turns.add(call);
  turns.remove(b);
  isOpen = true;
  turns.run();
  t.same(log, ['a', 'c']);
});

t.test('a turn that adds another call, or fails, leaves the queue working', async (t) => {
  const log: string[] = [];
  const turns = new WriteQueue(() => true);
  turns.add({
    takeTurn() {
      log.push('first');
      turns.add(caller('second', 1, log));
      log.push('still first');
      return false;
    },
  });
  t.same(log, ['first', 'still first', 'second'], 'turns do not nest');
  t.throws(() =>
    turns.add({
      takeTurn() {
        throw new Error('defect');
      },
    }),
  );
  turns.add(caller('after', 1, log));
  t.equal(log.at(-1), 'after');
});
