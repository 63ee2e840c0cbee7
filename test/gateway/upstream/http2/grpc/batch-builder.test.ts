import t from 'tap';
import { BatchBuilder } from '../../../../../gateway/upstream/http2/grpc/batch-builder.js';
import { inflateOf } from '../../../../../gateway/upstream/http2/grpc/inflate.js';

const BYTES = 7;
const framed = (count: number) =>
  Buffer.concat(
    Array.from({ length: count }, (_, n) => Buffer.of(0, 0, 0, 0, BYTES, ...Array(BYTES).fill(n))),
  );
const builder = (taken: (bytes: number) => void = () => {}) =>
  new BatchBuilder(1_000, inflateOf(undefined, 0), { onTaken: taken });
const firstBytes = (batch: Iterable<Uint8Array>) => Array.from(batch, ([first]) => first);

t.test('batches that are built side by side have boundaries of their own', async (t) => {
  const read = framed(3);
  const taken: number[] = [];
  const [a, b] = [builder((bytes) => taken.push(bytes)), builder()];
  // Of one read: the frames of both streams lie in turns.
  a.take(read, 0, 12);
  b.take(read, 12, 24);
  a.take(read, 24, 36);
  const [ofA, ofB] = [a.build(), b.build()];
  a.take(read, 12, 36);
  const next = a.build();
  t.same(firstBytes(ofA), [0, 2]);
  t.same(firstBytes(ofB), [1]);
  t.same(firstBytes(next), [1, 2]);
  t.equal(ofA.byteLength, 2 * BYTES);
  t.ok(a.isEmpty);
  ofA.settle();
  t.same(taken, [24]);
});

t.test('more messages than a batch may have are another one', async (t) => {
  const read = framed(2_050);
  const one = builder();
  const stopped = one.take(read, 0, read.length);
  t.ok(one.isBlocked);
  t.equal(one.build().count, 2_048);
  t.equal(one.take(read, stopped, read.length), read.length);
  t.equal(one.build().count, 2);
});
