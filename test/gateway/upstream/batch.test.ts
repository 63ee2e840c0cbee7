import t from 'tap';
import { Batch } from '../../../gateway/upstream/index.js';

const texts = (batch: Batch) => Array.from(batch, String);
const of = (...messages: string[]) => Batch.of(messages.map((message) => Buffer.from(message)));

t.test('messages lie in one piece of memory, and a lone one stays where it is', async (t) => {
  const batch = of('one', '', 'three');
  t.equal(batch.count, 3);
  t.equal(batch.byteLength, 8);
  t.same([batch.startOf(2), batch.endOf(2)], [3, 8]);
  t.equal(batch.bytes.toString(), 'onethree');
  t.same(texts(batch), ['one', '', 'three']);
  const lone = Buffer.from('lone');
  t.equal(Batch.of([lone]).bytes.buffer, lone.buffer, 'not copied');
});

t.test('it is taken in parts, as far as it may be', async (t) => {
  const batch = of('1', '2', '3');
  batch.limit = 2;
  t.same(texts(batch), ['1', '2']);
  t.ok(batch.isTaken);
  batch.limit = batch.count;
  t.notOk(batch.isTaken);
  t.same(texts(batch), ['3']);
});

t.test('held, it has the same messages still to be taken', async (t) => {
  // Boundaries of few messages, as large as two bytes can be, and larger.
  for (const [count, size] of [
    [3, 65_535],
    [40, 40],
    [40, 65_534],
    [40, 65_535],
    [40, 65_536],
    [2_048, 200_000],
  ] as const) {
    const batch = of('x'.repeat(size - count + 1), ...Array.from({ length: count - 1 }, () => 'y'));
    const last = [batch.startOf(count - 1), batch.endOf(count - 1)];
    batch.at = 1;
    batch.hold();
    batch.hold();
    t.same([batch.startOf(count - 1), batch.endOf(count - 1)], last);
    t.same(texts(batch), Array(count - 1).fill('y'));
  }
});

t.test('what is held in memory of somebody else is moved with its boundaries', async (t) => {
  const read = Buffer.from(`--${'ab-'.repeat(100)}`);
  const bounds = Array.from({ length: 100 }, (_, n) => [2 + 3 * n, 4 + 3 * n]).flat();
  const batch = new Batch(read, bounds, 200);
  batch.isBorrowed = true;
  batch.hold();
  batch.keep();
  read.fill(0);
  batch.hold();
  t.same(texts(batch), Array(100).fill('ab'));
});

t.test('released, it holds no memory and has nothing to take', async (t) => {
  const batch = of('1', '2');
  batch.release();
  t.ok(batch.isTaken);
  t.equal(batch.bytes.length, 0);
  t.same(texts(batch), []);
  t.equal(batch.count, 2, 'it is still known what it was');
});
