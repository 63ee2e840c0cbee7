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

t.test('released, it holds no memory and has nothing to take', async (t) => {
  const batch = of('1', '2');
  batch.release();
  t.ok(batch.isTaken);
  t.equal(batch.bytes.length, 0);
  t.same(texts(batch), []);
  t.equal(batch.count, 2, 'it is still known what it was');
});
