import fc from 'fast-check';
import t from 'tap';
import {
  Journal,
  type Machine,
  SNAPSHOT_INTERVAL,
  trail,
} from '../../../../grpc-core/rooms/journal/index.js';
import { MemoryStore } from '../memory-store.js';
import { settle } from '../until.js';

/** A state that shows every entry that made it. */
const numbers: Machine<readonly number[], number> = {
  kind: 'numbers',
  initial: [],
  apply: (state, entry) => [...state, entry],
  plainFromState: (state) => state,
  stateFromPlain: (plain) => plain as number[],
};

const countTo = (count: number) => Array.from({ length: count }, (_, n) => n);

/** Adds numbers in order: each entry is the length of the state before. */
async function grow(journal: Journal<readonly number[], number>, count: number): Promise<void> {
  for (let n = 0; n < count; n++) await journal.propose('x', ({ state }) => state.length);
}

t.test('several replicas that propose at once make one sequence', async (t) => {
  const store = new MemoryStore();
  const journals = [1, 2, 3].map(() => new Journal(store, numbers));
  await Promise.all(journals.map((journal) => grow(journal, 30)));
  for (const journal of journals) {
    const { sequence, state } = await journal.current('x');
    t.equal(sequence, 90);
    t.same(state, countTo(90));
  }
  t.ok(store.conflicts > 0, 'they met');
});

t.test('proposals of one process never conflict with each other', async (t) => {
  const store = new MemoryStore();
  const journal = new Journal(store, numbers);
  await Promise.all(countTo(50).map(() => journal.propose('x', ({ state }) => state.length)));
  t.same((await journal.current('x')).state, countTo(50));
  t.equal(store.conflicts, 0);
});

t.test('opening reads what came after the last snapshot, however long the log', async (t) => {
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 0, max: 450 }), async (length) => {
      const store = new MemoryStore();
      await grow(new Journal(store, numbers), length);
      const before = store.recordsRead;
      const { sequence, state } = await new Journal(store, numbers).current('x');
      const read = store.recordsRead - before;
      return sequence === length && state.length === length && read <= SNAPSHOT_INTERVAL;
    }),
    { numRuns: 15 },
  );
  t.pass('15 lengths');
});

t.test('before a snapshot is written, what it forgets is kept; a failure there loses nothing', async (t) => {
  const store = new MemoryStore();
  let failures = 3;
  const kept: number[] = [];
  const journal = new Journal(store, numbers, {
    beforeSnapshot: async (_name, { sequence }) => {
      if (failures-- > 0) throw new Error('the disk is full');
      kept.push(sequence);
    },
  });
  await grow(journal, SNAPSHOT_INTERVAL);
  for (let n = 0; n < 3; n++)
    await t.rejects(grow(journal, 1), /disk is full/, 'no entry without the snapshot');
  await grow(journal, 150);
  t.same(kept, [100, 200]);
  t.same((await journal.current('x')).state, countTo(250));
});

t.test('what decide throws is thrown, and the next one has its turn', async (t) => {
  const journal = new Journal(new MemoryStore(), numbers);
  const refused = journal.propose('x', () => {
    throw new RangeError('no');
  });
  const next = journal.propose('x', () => 7);
  await t.rejects(refused, /no/);
  t.same((await next).state, [7]);
  t.equal((await journal.propose('x', () => undefined)).sequence, 1, 'no entry is no change');
});

t.test('a follower sees every entry, with the state before and after it', async (t) => {
  const store = new MemoryStore();
  const journal = new Journal(store, numbers);
  await grow(journal, 5);
  const stop = new AbortController();
  const from = await journal.current('x');
  await grow(journal, 20);
  const seen: number[] = [];
  for await (const step of journal.follow('x', from, stop.signal)) {
    seen.push(step.sequence);
    t.equal(step.before.length, step.sequence - 1);
    t.equal(step.state.length, step.sequence);
    if (step.sequence === 25) stop.abort();
  }
  t.same(
    seen,
    countTo(20).map((n) => n + 6),
  );
  t.equal(store.following, 0);
});

t.test('a follower with a limit to its lag jumps to the newest, and misses nothing after', async (t) => {
  const store = new MemoryStore();
  const journal = new Journal(store, numbers);
  const stop = new AbortController();
  const steps = journal.follow('x', await journal.current('x'), stop.signal, 10);
  await grow(journal, 1);
  t.equal((await steps.next()).value?.sequence, 1);
  await grow(journal, 60);
  t.equal((await steps.next()).value?.sequence, 61);
  await grow(journal, 10);
  for (let n = 62; n <= 71; n++) {
    const { value } = await steps.next();
    t.equal(value?.sequence, n);
    t.equal(value?.state.length, n);
  }
  const waiting = steps.next();
  await settle();
  stop.abort();
  t.equal((await waiting).done, true);
  t.equal(store.following, 0);
});

t.test('a reader that has stopped holds eight records, and then gets all', async (t) => {
  const store = new MemoryStore();
  const log = store.log('x');
  const stop = new AbortController();
  const records = trail(log, 0, stop.signal);
  const first = records.next();
  await settle();
  t.equal(store.following, 1, 'it waits');
  for (let n = 0; n < 100; n++) await log.append(Uint8Array.of(n));
  t.equal((await first).value?.sequence, 1);
  t.equal(store.following, 0, 'and holds no follow while its reader has what it asked for');
  const before = store.recordsRead;
  for (let n = 2; n <= 100; n++) {
    t.equal((await records.next()).value?.sequence, n);
    t.ok(store.recordsRead - before <= n - 1 + 7);
  }
  stop.abort();
  t.equal((await records.next()).done, true);
});
