import { EventEmitter } from 'node:events';
import type { ServerResponse } from 'node:http';
import t from 'tap';
import { startHeartbeat } from '../../../../gateway/surfaces/liveness/index.js';

const INTERVAL_MS = 50;

t.test('what was sent without a beat is asked for before a silence is taken for one', async (t) => {
  const response = new EventEmitter() as ServerResponse;
  let settled = 0;
  let resolve = () => {};
  const promise = new Promise<void>((done) => {
    resolve = done;
  });
  const heartbeat = startHeartbeat(response, INTERVAL_MS, {
    settle() {
      settled += 1;
      // Something was sent right now, for the first few times that it is asked for.
      if (settled <= 3) heartbeat.beat(performance.now());
    },
    sendHeartbeat() {
      resolve();
    },
  });
  const begun = performance.now();
  // The alarm of the gateway does not keep a process alive.
  const awake = setInterval(() => {}, 1_000);
  await promise;
  clearInterval(awake);
  t.ok(settled > 3, 'not before');
  t.ok(performance.now() - begun >= 4 * INTERVAL_MS - 4, 'each time the silence begins anew');
  heartbeat.stop();
  t.equal(response.listenerCount('close'), 0);
});
