import type { Test } from 'tap';
import type { EvictionCause } from '../../../../gateway/recording/index.js';
import type { Journal, JournalBounds, JournalCursor } from '../../../../gateway/recording/record/journal.js';
import { ENDED } from '../../../../gateway/status/index.js';
import { Batch } from '../../../../gateway/upstream/index.js';

/** A journal under test, and what it has told. */
export interface OpenedJournal {
  readonly journal: Journal;
  readonly evicted: Partial<Record<EvictionCause, number>>;
  /** Time passes, in milliseconds. */
  pass(ms: number): void | Promise<void>;
}

export type OpenJournal = (
  t: Test,
  bounds?: Partial<JournalBounds>,
) => OpenedJournal | Promise<OpenedJournal>;

export const BOUNDS: JournalBounds = { maxMessages: 1_000, maxBytes: 1024 * 1024, maxAgeMs: 60_000 };

export function batchOf(...texts: string[]): Batch {
  return Batch.of(texts.map((text) => Buffer.from(text)));
}

/** What comes after a message, up to what is there now: "number:text". */
export async function readAll(cursor: JournalCursor, after: number): Promise<string[]> {
  const texts: string[] = [];
  let at = after;
  for (let batch = await cursor.read(at); batch !== undefined; batch = await cursor.read(at)) {
    for (const message of batch) {
      at = batch.firstSeq + batch.at - 1;
      texts.push(`${at}:${Buffer.from(message)}`);
    }
  }
  return texts;
}

/** What every journal promises, wherever it lies. */
export function testJournal(t: Test, name: string, open: OpenJournal): void {
  t.test(
    `${name}: messages have numbers without a hole, from 1 on, and are read from any of them`,
    async (t) => {
      const { journal } = await open(t);
      t.equal(journal.firstSeq, 1);
      t.equal(journal.lastSeq, 0);
      t.equal(journal.ended, undefined);
      t.match(journal.epoch, /^[\w-]{22}$/);
      const cursor = journal.openCursor();
      t.equal(await cursor.read(0), undefined);
      t.equal(await journal.append(batchOf('a', '', 'c')), true);
      t.equal(await journal.append(batchOf('d')), true);
      t.equal(journal.lastSeq, 4);
      t.same(await readAll(cursor, 0), ['1:a', '2:', '3:c', '4:d']);
      t.same(await readAll(cursor, 2), ['3:c', '4:d']);
      t.same(await readAll(cursor, 4), []);
      const part = await cursor.read(1, 2);
      t.same([part?.firstSeq, part?.count, part?.of(1)], [2, 2, `~${journal.epoch}.3`]);
      cursor.close();
      cursor.close();
    },
  );

  t.test(`${name}: no two journals have the same epoch`, async (t) => {
    const epochs = new Set<string>();
    for (let count = 0; count < 20; count += 1) epochs.add((await open(t)).journal.epoch);
    t.equal(epochs.size, 20);
  });

  t.test(`${name}: the oldest goes when there are too many messages, and the numbers go on`, async (t) => {
    const { journal, evicted } = await open(t, { maxMessages: 3 });
    const cursor = journal.openCursor();
    await journal.append(batchOf('a', 'b', 'c', 'd', 'e'));
    t.same(await readAll(cursor, 0), ['3:c', '4:d', '5:e']);
    t.equal(journal.firstSeq, 3);
    t.same(evicted, { messages: 2 });
    cursor.close();
  });

  t.test(
    `${name}: the oldest goes when there are too many bytes; the newest stays whatever its size`,
    async (t) => {
      const { journal, evicted } = await open(t, { maxBytes: 200 });
      const cursor = journal.openCursor();
      await journal.append(batchOf('a'.repeat(80), 'b'.repeat(80), 'c'.repeat(80)));
      t.equal(journal.firstSeq, 2);
      await journal.append(batchOf('d'.repeat(5_000)));
      t.equal(journal.firstSeq, 4);
      t.same(await readAll(cursor, 0), [`4:${'d'.repeat(5_000)}`]);
      await journal.append(batchOf('e'));
      t.same(await readAll(cursor, 0), ['5:e']);
      t.same(evicted, { bytes: 4 });
      t.ok(journal.bytes < 200);
      cursor.close();
    },
  );

  t.test(`${name}: what is too old goes`, async (t) => {
    const { journal, evicted, pass } = await open(t, { maxAgeMs: 1_000 });
    const cursor = journal.openCursor();
    await journal.append(batchOf('a', 'b'));
    await pass(600);
    await journal.append(batchOf('c'));
    await pass(600);
    journal.evictAged();
    t.same(await readAll(cursor, 0), ['3:c']);
    await pass(600);
    journal.evictAged();
    t.same(await readAll(cursor, 0), []);
    t.equal(journal.firstSeq, 4);
    await journal.append(batchOf('d'));
    t.same(await readAll(cursor, 0), ['4:d']);
    t.same(evicted, { age: 3 });
    cursor.close();
  });

  t.test(`${name}: what must stay does, and what has no room beside it waits`, async (t) => {
    const { journal, evicted } = await open(t, { maxMessages: 3 });
    journal.keepAfter(1);
    const batch = batchOf('a', 'b', 'c', 'd', 'e', 'f');
    t.equal(await journal.append(batch), false);
    t.equal(batch.at, 4, 'one could go');
    t.equal(await journal.append(batch), false);
    journal.keepAfter(2);
    t.equal(await journal.append(batch), false);
    t.equal(batch.at, 5);
    journal.keepAfter(undefined);
    t.equal(await journal.append(batch), true);
    const cursor = journal.openCursor();
    t.same(await readAll(cursor, 0), ['4:d', '5:e', '6:f']);
    t.same(evicted, { messages: 3 });
    cursor.close();
  });

  t.test(`${name}: a batch that is being taken keeps its messages when they are evicted`, async (t) => {
    const { journal } = await open(t, { maxMessages: 4 });
    await journal.append(batchOf('a', 'b', 'c', 'd'));
    const cursor = journal.openCursor();
    const batch = await cursor.read(0);
    if (batch === undefined) throw new Error('there are messages');
    batch.at += 1;
    for (let count = 0; count < 2_000; count += 1) await journal.append(batchOf(`new message ${count}`));
    t.same(
      [...batch].map((message) => `${Buffer.from(message)}`),
      ['b', 'c', 'd'],
    );
    cursor.close();
  });

  t.test(`${name}: it says how the call ended, once, and is read after it`, async (t) => {
    const { journal } = await open(t);
    await journal.append(batchOf('a'));
    await journal.finish({ ...ENDED, message: 'first' });
    await journal.finish({ ...ENDED, message: 'second' });
    t.equal(journal.ended?.message, 'first');
    const cursor = journal.openCursor();
    t.same(await readAll(cursor, 0), ['1:a']);
    cursor.close();
  });

  t.test(`${name}: one that is closed has nothing, and takes nothing`, async (t) => {
    const { journal } = await open(t);
    await journal.append(batchOf('a'));
    const cursor = journal.openCursor();
    const batch = await cursor.read(0);
    journal.close();
    journal.close();
    t.same(
      [...(batch ?? [])].map((message) => `${Buffer.from(message)}`),
      ['a'],
      'what was handed out',
    );
    t.equal(await cursor.read(0), undefined);
    t.equal(await journal.append(batchOf('b')), true);
    t.equal(await cursor.read(0), undefined);
    cursor.close();
  });
}
