import t from 'tap';
import { finished, inTurns, type Steps } from '../../../gateway/async/index.js';

function* count(to: number, work: () => void = () => undefined): Steps<number> {
  for (let at = 0; at < to; at += 1) {
    work();
    yield;
  }
  return to;
}

function* failing(): Steps<never> {
  yield;
  throw new Error('no');
}

t.test('steps have the same result at once and in turns', async (t) => {
  t.equal(finished(count(1_000)), 1_000);
  t.equal(await inTurns(count(1_000)), 1_000);
  t.throws(() => finished(failing()), { message: 'no' });
  await t.rejects(inTurns(failing()), { message: 'no' });
});

t.test('other work goes on between the turns', async (t) => {
  let others = 0;
  let over = false;
  const tick = () => {
    others += 1;
    if (!over) setImmediate(tick);
  };
  setImmediate(tick);
  // As long as it takes until others have had three turns; they come by time, which a busy machine gives as it likes.
  const until = performance.now() + 60_000;
  let steps = 0;
  function* longWork(): Steps<void> {
    while (others <= 2 && performance.now() < until) {
      steps += 1;
      yield;
    }
  }
  await inTurns(longWork());
  over = true;
  t.ok(others > 2, `${others} turns`);
  t.ok(steps > others, 'a turn has many steps');
});
