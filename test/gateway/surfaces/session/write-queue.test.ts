import t from 'tap';
import { type QueuedWriter, WriteQueue } from '../../../../gateway/surfaces/session/write-queue.js';

/** A call that takes so many turns, of so many bytes each, and notes each. */
function caller(name: string, turns: number, log: string[], bytes = 16 * 1024): QueuedWriter {
  let left = turns;
  return {
    place: 0,
    wroteTo: 0,
    isQueued: false,
    get isReady() {
      return left > 0;
    },
    takeTurn() {
      log.push(name);
      left -= 1;
      return bytes;
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
    place: 0,
    wroteTo: 0,
    isQueued: false,
    isReady: false,
    takeTurn() {
      log.push('first');
      turns.add(caller('second', 1, log));
      log.push('still first');
      return 0;
    },
  });
  t.same(log, ['first', 'still first', 'second'], 'turns do not nest');
  t.throws(() =>
    turns.add({
      place: 0,
      wroteTo: 0,
      isQueued: false,
      isReady: false,
      takeTurn() {
        throw new Error('defect');
      },
    }),
  );
  turns.add(caller('after', 1, log));
  t.equal(log.at(-1), 'after');
});

t.test('who has just written much lets those go first who have written less', async (t) => {
  const log: string[] = [];
  let room = 2;
  const turns = new WriteQueue(() => log.length < room);
  const firehose = caller('firehose', 1_000, log);
  turns.add(firehose);
  turns.add(caller('small', 40, log, 1_024));
  room = 1_000;
  turns.run();
  const firehoses = log.flatMap((name, index) => (name === 'firehose' ? [index] : []));
  t.same(log.slice(0, 2), ['firehose', 'firehose']);
  t.equal(log[2], 'small', 'although the other came before');
  t.same(
    firehoses.slice(2, 5).map((index, at) => index - (firehoses[at + 1] ?? 0) - 1),
    [16, 16, 8],
    'turns of the small one until it has written as much',
  );
  t.equal(log.length, room, 'nobody waits for one that has nothing to say');
});

t.test('a call that comes back to the queue after much is behind one that comes after it', async (t) => {
  const log: string[] = [];
  let room = 1;
  const turns = new WriteQueue(() => log.length < room);
  const firehose = caller('firehose', 1, log);
  turns.add(firehose);
  // Its next batch.
  turns.add(Object.assign(caller('firehose again', 1, log), { place: firehose.place }));
  turns.add(caller('new', 1, log, 100));
  room = 100;
  turns.run();
  t.same(log, ['firehose', 'new', 'firehose again']);
});

t.test('calls that come anew without an end do not keep another from its turns', async (t) => {
  for (const [newBytes, counted] of [
    [100, 512],
    [16 * 1024, 16 * 1024],
    [4_000_000, 64 * 1024],
  ] as const) {
    for (const ownBytes of [16 * 1024, 4_000_000]) {
      const log: string[] = [];
      const turns = new WriteQueue(() => log.length < 20_000);
      const addNew = () => {
        const fresh = caller('new', 1, log, newBytes);
        turns.add({
          ...fresh,
          isReady: false,
          takeTurn() {
            addNew();
            return fresh.takeTurn();
          },
        });
      };
      let isFirst = true;
      const patient = caller('patient', 20_000, log, ownBytes);
      turns.add({
        ...patient,
        isReady: true,
        takeTurn() {
          if (isFirst) addNew();
          isFirst = false;
          return patient.takeTurn();
        },
      });
      const between = log
        .join(' ')
        .split('patient')
        .map((news) => news.split('new').length - 1);
      const most = Math.ceil((8 * Math.min(ownBytes, 64 * 1024)) / counted) + 1;
      t.ok(between.length > 10, `${between.length - 1} turns`);
      t.ok(Math.max(...between) <= most, `${Math.max(...between)} of ${newBytes} bytes, at most ${most}`);
    }
  }
});
