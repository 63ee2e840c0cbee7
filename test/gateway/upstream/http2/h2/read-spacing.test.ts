import { setTimeout as delay } from 'node:timers/promises';
import t from 'tap';
import { Alarm } from '../../../../../gateway/async/index.js';
import { ReadSpacing } from '../../../../../gateway/upstream/http2/h2/read-spacing.js';

t.test('a socket rests once, goes on by itself, and not after its end', async (t) => {
  const told: string[] = [];
  const rest = new ReadSpacing({
    pause: () => told.push('pause') as never,
    resume: () => told.push('resume') as never,
  });
  rest.begin();
  rest.begin();
  t.same(told, ['pause']);
  while (Alarm.count > 0) await delay(1);
  t.same(told, ['pause', 'resume']);
  rest.begin();
  rest.stop();
  t.equal(Alarm.count, 0);
  t.same(told, ['pause', 'resume', 'pause']);
});
