// When calls fall due: an open loop. Times come from a rate and chance alone (a Poisson process), never from how fast answers
// are, and a latency is counted from the time that a call was due. So a gateway that stops for a moment cannot hide the
// calls that would have come in it (coordinated omission).
import { Worker } from 'node:worker_threads';

/**
 * Calls `onDue(ms)`, a time of `nowMs`, for each; `stop()` ends it. A thread of its own keeps the time, because Node's timers know
 * only whole milliseconds: it is about 0.1 ms late, for every way alike.
 */
export function startPacer(perSecond, onDue) {
  const worker = new Worker(new URL('pacer-thread.mjs', import.meta.url), { workerData: { perSecond } });
  worker.on('message', onDue);
  return { stop: () => worker.terminate() };
}
