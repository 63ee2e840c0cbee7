import t from 'tap';
import { Outcome } from '../../../gateway/async/index.js';

t.test('an outcome is what it was settled with first', async (t) => {
  const outcome = new Outcome<number>();
  const seen = outcome.promise.then((value) => value + 1);
  outcome.resolve(1);
  outcome.resolve(5);
  t.equal(await seen, 2);
  t.equal(await outcome.promise, 1);
});
