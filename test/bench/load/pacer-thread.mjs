// The thread of pacer.mjs: sleeps until the next call is due and says so, for as long as it lives.
import { parentPort, workerData } from 'node:worker_threads';
import { nowMs } from '../slices.mjs';

const gapMs = 1_000 / workerData.perSecond;
const nobody = new Int32Array(new SharedArrayBuffer(4));
for (let due = nowMs(); ; due += -Math.log(1 - Math.random()) * gapMs) {
  const leftMs = due - nowMs();
  if (leftMs > 0) Atomics.wait(nobody, 0, 0, leftMs);
  parentPort.postMessage(due);
}
