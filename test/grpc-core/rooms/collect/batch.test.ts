import { gunzipSync, gzipSync } from 'node:zlib';
import t from 'tap';
import {
  BatchItemError,
  type BatchProcessor,
  BatchTally,
  batchHandler,
  DUPLICATE_WINDOW,
  MAX_FAILED_IDS,
  MAX_ITEMS_IN_WORK,
  RESULTS_LOG,
  RecentIds,
} from '../../../../grpc-core/rooms/collect/index.js';
import type { Store } from '../../../../grpc-core/store/index.js';
import type { BatchItem__Output } from '../../../../proto/types/streaming/BatchItem.js';
import { Conversation } from '../conversation.js';
import { MemoryStore } from '../memory-store.js';
import { stores } from '../subjects.js';
import { until } from '../until.js';

function item(id: string, type: string, data: string | Uint8Array = ''): BatchItem__Output {
  return { id, type, data: Buffer.from(data) };
}

async function results(store: Store): Promise<Map<string, Buffer>> {
  const records = await store.log(RESULTS_LOG).read(0, 100);
  return new Map(
    records.map((record) => {
      const { id, data } = JSON.parse(Buffer.from(record.data).toString()) as { id: string; data: string };
      return [id, Buffer.from(data, 'base64')];
    }),
  );
}

for (const [name, openStore] of stores) {
  t.test(`each type is really processed, on the ${name} store`, async (t) => {
    const store = await openStore(t);
    const bomb = gzipSync(Buffer.alloc(2_000_000));
    const items = [
      item('json', 'json', '{"a":[1,2]}'),
      item('bad json', 'json', '{"a":'),
      item('text', 'text', 'grüße'),
      item('bad text', 'text', Uint8Array.of(0xff)),
      item('upper', 'uppercase', 'straße'),
      item('sum', 'checksum', 'abc'),
      item('zip', 'gzip', 'x'.repeat(1_000)),
      item('unzip', 'gunzip', gzipSync('inside')),
      item('bad zip', 'gunzip', 'not gzip'),
      item('bomb', 'gunzip', bomb),
      item('keep', 'store', 'as it is'),
      item('too big', 'store', Buffer.alloc(1_048_577)),
      item('what', 'teleport'),
      item('', 'text'),
      item('text', 'text', 'the same id'),
      item('x'.repeat(201), 'text'),
      item('proto', '__proto__'),
    ];
    const [result] = await new Conversation(batchHandler(store))
      .send(...items)
      .halfClose()
      .rest();
    t.strictSame(result, {
      processed_count: 17,
      success_count: 7,
      failed_count: 10,
      failed_ids: [
        'bad json',
        'bad text',
        'bad zip',
        'bomb',
        'too big',
        'what',
        '#13',
        'text',
        '#15',
        'proto',
      ],
    });
    const kept = await results(store);
    t.same([...kept.keys()].sort(), ['keep', 'sum', 'unzip', 'upper', 'zip']);
    t.equal(String(kept.get('upper')), 'STRASSE');
    t.equal(String(kept.get('sum')), 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
    t.equal(String(gunzipSync(kept.get('zip') ?? '')), 'x'.repeat(1_000));
    t.equal(String(kept.get('unzip')), 'inside');
    t.equal(String(kept.get('keep')), 'as it is');
  });
}

t.test('an empty batch gives zeros', async (t) => {
  const conversation = new Conversation(batchHandler(new MemoryStore())).halfClose();
  t.strictSame(await conversation.rest(), [
    { processed_count: 0, success_count: 0, failed_count: 0, failed_ids: [] },
  ]);
});

t.test('eight items are in work at once, and the sender waits meanwhile', async (t) => {
  const waiting: Array<(fail: boolean) => void> = [];
  let most = 0;
  const slow: BatchProcessor = () =>
    new Promise((resolve, reject) => {
      waiting.push((fail) => (fail ? reject(new BatchItemError('no')) : resolve(undefined)));
      most = Math.max(most, waiting.length);
    });
  const conversation = new Conversation(batchHandler(new MemoryStore(), new Map([['slow', slow]])));
  const items = Array.from({ length: 40 }, (_, n) => item(`i${n}`, 'slow'));
  const result = conversation
    .send(...items)
    .halfClose()
    .rest();
  await until(() => waiting.length === MAX_ITEMS_IN_WORK, 'eight in work');
  for (let turn = 0; turn < 100; turn++) await new Promise((resolve) => setImmediate(resolve));
  t.equal(conversation.taken, MAX_ITEMS_IN_WORK, 'the ninth was not read');
  // The latest first, every second one failing: the list is still in the order of the stream.
  let done = 0;
  while (done < 40) {
    await until(() => waiting.length > 0, 'an item in work');
    waiting.pop()?.(done++ % 2 === 0);
  }
  const [summary] = await result;
  t.equal(most, MAX_ITEMS_IN_WORK);
  t.match(summary, { processed_count: 40, success_count: 20, failed_count: 20 });
  const numbers = (summary?.failed_ids ?? []).map((id) => Number(id.slice(1)));
  t.same(
    numbers,
    [...numbers].sort((a, b) => a - b),
  );
});

t.test('a processor that breaks fails its item, not the batch', async (t) => {
  const broken: BatchProcessor = () => {
    throw new TypeError('a defect');
  };
  const handler = batchHandler(new MemoryStore(), new Map([['broken', broken]]));
  const [result] = await new Conversation(handler).send(item('a', 'broken')).halfClose().rest();
  t.match(result, { failed_ids: ['a'] });
});

t.test(
  'counts stay exact when more fail than are listed, and the first of the stream are listed',
  async (t) => {
    const tally = new BatchTally();
    for (let n = MAX_FAILED_IDS + 499; n >= 0; n--) tally.failed(n, `i${n}`);
    tally.succeeded();
    const result = tally.result();
    t.match(result, { processed_count: 1_501, success_count: 1, failed_count: 1_500 });
    t.same(
      result.failed_ids,
      Array.from({ length: MAX_FAILED_IDS }, (_, n) => `i${n}`),
    );
  },
);

t.test('ids are remembered for a window, not for ever', async (t) => {
  const ids = new RecentIds();
  t.ok(ids.add('first'));
  t.notOk(ids.add('first'));
  for (let n = 0; n < DUPLICATE_WINDOW - 1; n++) ids.add(String(n));
  t.notOk(ids.add('first'), 'still in the window');
  ids.add('one more');
  t.ok(ids.add('first'), 'forgotten');
});
