import t from 'tap';
import { memory } from '../../../../gateway/memory/index.js';
import type { EvictionCause } from '../../../../gateway/recording/index.js';
import type { JournalBounds } from '../../../../gateway/recording/record/journal.js';
import { JournalMemory } from '../../../../gateway/recording/record/journal-memory.js';
import { MemoryJournal } from '../../../../gateway/recording/record/memory-journal.js';
import { SharedJournal } from '../../../../gateway/recording/record/shared-journal.js';
import { ENDED } from '../../../../gateway/status/index.js';
import { Batch } from '../../../../gateway/upstream/index.js';
import { BOUNDS, batchOf, readAll, testJournal } from './journal-contract.js';

const KIB = 1024;

function open(
  bounds: Partial<JournalBounds> = {},
  all = new JournalMemory(16 * KIB * KIB),
  Journal: typeof MemoryJournal = MemoryJournal,
) {
  const evicted: Partial<Record<EvictionCause, number>> = {};
  let now = 1_000;
  const journal: MemoryJournal = new Journal(
    { ...BOUNDS, ...bounds },
    all,
    {
      onEvicted: (messages, cause) => {
        evicted[cause] = (evicted[cause] ?? 0) + messages;
      },
      onUnwanted: () => journal.close(),
    },
    () => now,
  );
  return {
    journal,
    evicted,
    pass: (ms: number) => {
      now += ms;
    },
  };
}

testJournal(t, 'memory', (t, bounds) => {
  const opened = open(bounds);
  t.teardown(() => opened.journal.close());
  return opened;
});

testJournal(t, 'the part of a shared one that is here', (t, bounds) => {
  const opened = open(bounds, undefined, SharedJournal);
  t.teardown(() => opened.journal.close());
  return opened;
});

t.test('a journal in memory never waits: no promise is made', async (t) => {
  const { journal } = open();
  t.equal(journal.append(batchOf('a')), true);
  const cursor = journal.openCursor();
  t.notOk(cursor.read(0) instanceof Promise);
  cursor.close();
  journal.close();
});

t.test('who reads the same next gets the same memory and boundaries', async (t) => {
  const { journal } = open();
  journal.append(batchOf('a', 'b'));
  const [one, other] = [journal.openCursor(), journal.openCursor()];
  const batches = [one.read(0), other.read(0)];
  t.equal(batches[0]?.bytes, batches[1]?.bytes);
  t.not(batches[0], batches[1], 'each takes at its own pace');
  journal.append(batchOf('c'));
  t.equal(one.read(0)?.count, 3);
  for (const cursor of [one, other]) cursor.close();
  journal.close();
});

t.test('the bytes of all journals together are bounded, and the one that holds most pays', async (t) => {
  const all = new JournalMemory(400 * KIB);
  const taken = memory.takenBytes;
  const loud = open({}, all);
  const quiet = open({}, all);
  quiet.journal.append(batchOf('quiet'));
  for (let count = 0; count < 900; count += 1) {
    loud.journal.append(batchOf('x'.repeat(KIB)));
    t.ok(all.bytes <= 400 * KIB);
  }
  t.ok((loud.evicted.total ?? 0) > 400);
  t.same(quiet.evicted, {});
  t.equal(loud.journal.lastSeq, 900);
  const cursor = loud.journal.openCursor();
  const texts = await readAll(cursor, 0);
  t.equal(texts.length, 901 - loud.journal.firstSeq);
  cursor.close();
  loud.journal.close();
  quiet.journal.close();
  t.equal(all.bytes, 0);
  t.equal(all.size, 0);
  t.equal(memory.takenBytes, taken, 'every piece was given back');
});

t.test('journals that are over are forgotten when even their ends are too many', async (t) => {
  const all = new JournalMemory(100 * KIB);
  const journals = Array.from({ length: 200 }, () => {
    const opened = open({}, all);
    opened.journal.append(batchOf('one'));
    opened.journal.finish(ENDED);
    return opened.journal;
  });
  t.ok(all.bytes <= 100 * KIB, String(all.bytes));
  t.ok(all.size < 40);
  t.equal(journals.at(-1)?.lastSeq, 1);
  for (const journal of journals) journal.close();
  t.equal(all.bytes, 0);
});

t.test('what nobody may evict is told of when it is given up', async (t) => {
  const all = new JournalMemory(100 * KIB);
  const pinned = open({}, all);
  pinned.journal.keepAfter(0);
  t.equal(pinned.journal.append(Batch.of(Array.from({ length: 200 }, () => Buffer.alloc(KIB)))), false);
  let told = 0;
  const stop = all.onRoom(() => {
    told += 1;
  });
  pinned.journal.close();
  t.ok(told > 0);
  stop();
});
