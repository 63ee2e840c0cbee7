import fc from 'fast-check';
import t from 'tap';
import { TokenBucket, TokenBuckets } from '../../../gateway/security/index.js';

t.test('a client has its burst, then so many a second, and is told when the next one is', async (t) => {
  const buckets = new TokenBuckets(10, 20);
  for (let n = 0; n < 20; n++) t.equal(buckets.take('a', 0), 0);
  t.equal(buckets.take('a', 0), 100);
  t.equal(buckets.take('a', 40), 60, 'what is refused costs nothing');
  t.equal(buckets.take('b', 40), 0, 'its neighbour has its own');
  t.equal(buckets.take('a', 100), 0);
  t.equal(buckets.take('a', 100), 100);
  t.equal(buckets.take('a', 1_000_000), 0);
});

t.test('no history gives more than burst and rate, whoever else comes', async () => {
  const steps = fc.array(fc.record({ after: fc.integer({ min: 0, max: 400 }), others: fc.nat(6) }), {
    maxLength: 200,
  });
  fc.assert(
    fc.property(steps, (list) => {
      const buckets = new TokenBuckets(10, 5, { most: 4 });
      let [now, given, others] = [0, 0, 0];
      for (const { after, others: more } of list) {
        now += after;
        // It comes at least as often as any other client.
        for (let n = 0; n < more; n++) {
          buckets.take(`other ${others++}`, now);
          if (buckets.take('a', now) === 0) given += 1;
        }
        if (buckets.size > 8) return false;
        if (given > 5 + (now / 1_000) * 10 + 1e-6) return false;
      }
      return true;
    }),
    { numRuns: 300 },
  );
});

t.test('a million clients fill no memory, and one that floods among them stays refused', async (t) => {
  const buckets = new TokenBuckets(100, 200);
  let let_in = 0;
  for (let n = 0; n < 1_000_000; n++) {
    buckets.take(`address ${n}`, n / 1_000);
    if (n % 10 === 0 && buckets.take('flood', n / 1_000) === 0) let_in += 1;
  }
  t.ok(buckets.size <= 64 * 1024, `${buckets.size} clients are remembered`);
  t.ok(let_in <= 200 + 100, `${let_in} of a hundred thousand in a second`);
});

t.test('who owes waits for as long as the debt lasts', async (t) => {
  const buckets = new TokenBuckets(1_000, 1_000, { debt: 100_000 });
  t.equal(buckets.owedMs('a', 0), 0);
  buckets.spend('a', 3_000, 0);
  t.equal(buckets.owedMs('a', 0), 2_000);
  t.equal(buckets.owedMs('a', 1_500), 500);
  t.equal(buckets.owedMs('b', 1_500), 0);
  t.equal(buckets.owedMs('a', 2_000), 0);
  buckets.spend('a', 60_000, 2_000);
  t.equal(buckets.owedMs('a', 32_000), 30_000, 'also of one that has gone meanwhile');
});

t.test('a bucket of its own refuses what is too much, and goes on later', async (t) => {
  const bucket = new TokenBucket(2, 10);
  const now = performance.now();
  t.same([bucket.take(now), bucket.take(now), bucket.take(now)], [true, true, false]);
  t.same([bucket.take(now + 50), bucket.take(now + 101), bucket.take(now + 102)], [false, true, false]);
});
