import { mock } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import t from 'tap';
import { createLivenessCheck } from '../../../../clients/browser/session/liveness-check.js';

t.test('a gateway that is silent is pinged once, and then counts as gone', async (t) => {
  mock.timers.enable({ apis: ['setTimeout', 'Date'] });
  t.teardown(() => mock.timers.reset());
  const tick = async (ms: number) => {
    await turn();
    mock.timers.tick(ms);
    await turn();
  };
  const told: string[] = [];
  let unsent = 0;
  const check = createLivenessCheck({
    everyMs: 100,
    unsentBytes: () => unsent,
    ping: () => told.push('ping'),
    onDead: () => told.push('dead'),
  });
  check.start();
  check.start();
  for (let round = 0; round < 5; round += 1) {
    check.heard();
    await tick(100);
  }
  t.same(told, [], 'a gateway that sends frames is not pinged');
  await tick(100);
  t.same(told, ['ping']);
  check.heard();
  await tick(100);
  await tick(100);
  t.same(told, ['ping', 'ping'], 'an answer starts the check again');
  await tick(99);
  t.same(told, ['ping', 'ping']);
  await tick(1);
  t.same(told, ['ping', 'ping', 'dead'], 'the same time again without an answer');
  await tick(1000);
  t.equal(told.length, 3, 'reported once');

  told.length = 0;
  check.start();
  await tick(100);
  for (unsent = 5000; unsent > 1000; unsent -= 1000) await tick(100);
  t.notOk(
    told.includes('dead'),
    'a gateway that accepts bytes is alive, however long its answer waits behind them',
  );
  check.stop();

  told.length = 0;
  unsent = 0;
  check.start();
  await tick(100);
  await tick(100);
  t.same(told, ['ping']);
  await tick(500);
  check.heard();
  await tick(100);
  t.same(told, ['ping'], 'a page that was blocked processes the answer first');
  await tick(100);
  t.same(told, ['ping', 'ping']);
  await tick(500);
  t.same(told, ['ping', 'ping']);
  await tick(100);
  t.same(told, ['ping', 'ping', 'dead'], 'the extra check is the last one');

  told.length = 0;
  check.start();
  await tick(100);
  await tick(100);
  check.stop();
  await tick(1000);
  t.notOk(told.includes('dead'));
});
