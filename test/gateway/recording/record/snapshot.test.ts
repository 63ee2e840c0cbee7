import t from 'tap';
import { JournalMemory } from '../../../../gateway/recording/record/journal-memory.js';
import { MemoryJournal } from '../../../../gateway/recording/record/memory-journal.js';
import { Snapshot } from '../../../../gateway/recording/record/snapshot.js';
import { Batch } from '../../../../gateway/upstream/index.js';
import { fieldOf, messageOf, protoRegistry } from '../../codec/proto-source.js';
import { Random } from '../../codec/random.js';
import { BOUNDS } from './journal-contract.js';

const KIB = 1024;
/** What one key counts. */
const KEY_BYTES = 150;
const source = 'syntax = "proto3"; package t; message Item { string key = 1; }';
const field = fieldOf(messageOf(protoRegistry({ 'item.proto': source }), 't.Item'), 'key');

/** A message with this key, of at most 100 characters. */
const keyed = (key: string): Buffer => Buffer.concat([Buffer.from([0x0a, key.length]), Buffer.from(key)]);

function open(bounds: Partial<typeof BOUNDS>, all: JournalMemory) {
  const journal = new MemoryJournal({ ...BOUNDS, ...bounds }, all, {
    onEvicted: () => {},
    onUnwanted: () => journal.close(),
  });
  const snapshot = new Snapshot(field, journal);
  const write = (keys: readonly string[]): void => {
    const batch = Batch.of(keys.map(keyed));
    journal.append(batch);
    snapshot.note(batch, 0);
  };
  return { journal, snapshot, write };
}

t.test('a snapshot has the newest message of each key that is kept, whatever was evicted', async (t) => {
  const seed = Date.now() % 1_000_000;
  t.comment(`seed ${seed}`);
  const random = new Random(seed);
  for (let run = 0; run < 20; run += 1) {
    const keys = random.pick([1, 10, 500, 5_000]);
    const maxMessages = random.pick([1, 50, 3_000]);
    const { journal, snapshot, write } = open({ maxMessages }, new JournalMemory(1024 * KIB));
    const newest = new Map<string, number>();
    for (let step = 0; step < 40; step += 1) {
      const batch = Array.from({ length: 1 + random.below(200) }, () => `key ${random.below(keys)}`);
      write(batch);
      for (const [at, key] of batch.entries()) newest.set(key, journal.lastSeq - (batch.length - 1 - at));
      const kept = journal.lastSeq - journal.firstSeq + 1;
      if (snapshot.heldBytes > 2 * kept * KEY_BYTES)
        t.fail(`${snapshot.heldBytes} bytes for ${kept} messages`);
      if (!random.once(10)) continue;
      const expected = [...newest.values()].filter((seq) => seq >= journal.firstSeq);
      t.same(
        snapshot.list(),
        expected.sort((a, b) => a - b),
        `run ${run}, step ${step}`,
      );
    }
    journal.close();
  }
});

t.test('what keys cost is of the bytes that all journals have together', async (t) => {
  const bytes = 1024 * KIB;
  const all = new JournalMemory(bytes);
  const { journal, snapshot, write } = open({ maxMessages: 1_000_000, maxBytes: 64 * 1024 * KIB }, all);
  let most = 0;
  for (let at = 0; at < 100_000; at += 100) {
    // A new key for each message: with nothing counted for them there would be 20,000 and more.
    write(Array.from({ length: 100 }, (_, index) => `key ${at + index}`));
    most = Math.max(most, snapshot.heldBytes);
    if (all.bytes > bytes) t.fail(`${all.bytes} bytes at ${at}`);
  }
  t.ok(all.bytes >= snapshot.heldBytes);
  t.ok(most > bytes / 4 && most < bytes, `${most} of them for keys at most`);
  t.ok(snapshot.list().length > 1_000, 'and most of the memory is used');
  journal.close();
  t.equal(all.bytes, 0);
});

t.test('a journal that is not the one with many keys does not pay for them', async (t) => {
  const all = new JournalMemory(1024 * KIB);
  const quiet = open({}, all);
  quiet.write(['a', 'b', 'c']);
  const loud = open({ maxMessages: 1_000_000 }, all);
  for (let at = 0; at < 50_000; at += 100)
    loud.write(Array.from({ length: 100 }, (_, index) => `key ${at + index}`));
  t.same(quiet.snapshot.list(), [1, 2, 3]);
  quiet.journal.close();
  loud.journal.close();
});
