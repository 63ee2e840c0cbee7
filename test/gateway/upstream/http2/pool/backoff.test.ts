import t from 'tap';
import { Backoff } from '../../../../../gateway/upstream/http2/pool/backoff.js';

t.test('the wait grows, is capped at a few seconds, jitters, and begins anew after a success', async (t) => {
  let now = 1_000;
  let random = 0.5;
  const backoff = new Backoff(
    () => now,
    () => random,
  );
  t.equal(backoff.remainingMs, 0);
  const waits = Array.from({ length: 10 }, () => {
    backoff.failed();
    return Math.round(backoff.remainingMs);
  });
  t.same(waits, [200, 320, 512, 819, 1311, 2097, 3355, 5000, 5000, 5000]);
  random = 0;
  backoff.failed();
  t.equal(backoff.remainingMs, 4_000);
  random = 1;
  backoff.failed();
  t.equal(backoff.remainingMs, 6_000);
  now += 6_001;
  t.equal(backoff.remainingMs, 0);
  backoff.succeeded();
  random = 0.5;
  backoff.failed();
  t.equal(backoff.remainingMs, 200);
});
