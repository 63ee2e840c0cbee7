// The loads of the group `latency`: how long a call takes with a gateway and without, at half of what the gateway can do.
// Both ways start and end in this process and lead to the same service; they take turns (slices.mjs).
import { cpuUs, nowS, peakRssMib } from '../measure.mjs';
import { nowMs, sliceAt } from '../slices.mjs';
import { startPacer } from './pacer.mjs';

/** The two ways of slices.mjs. */
export const GATEWAY = 0;
export const DIRECT = 1;

const LAST_ANSWERS_MS = 5_000;
const POLL_MS = 20;
const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** p50, p99 and p99.9 of milliseconds. */
function percentilesOf(latencies) {
  const sorted = Float64Array.from(latencies).sort();
  const at = (part) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))];
  return { p50: at(0.5), p99: at(0.99), p999: at(0.999), samples: sorted.length };
}

/** Keeps latencies by their way, from the moment that `start()` is called. */
export class Recorder {
  #latencies = [[], []];
  #from = Number.POSITIVE_INFINITY;

  start() {
    this.#from = nowMs();
  }

  /** What was due at `dueMs` is here now. */
  arrived(dueMs) {
    const { way, counted } = sliceAt(dueMs);
    if (counted && dueMs >= this.#from) this.#latencies[way].push(nowMs() - dueMs);
  }

  get least() {
    return Math.min(...this.#latencies.map((of) => of.length));
  }

  results() {
    return this.#latencies.map(percentilesOf);
  }
}

/** Waits until both ways have so many samples, and says what the gateway spent meanwhile. */
async function record(recorder, { pid, ticks, wanted, sampleLimitMs }) {
  recorder.start();
  const before = { cpu: cpuUs(pid, ticks), wall: nowS() };
  const limit = nowMs() + sampleLimitMs;
  while (recorder.least < wanted && nowMs() < limit) await wait(POLL_MS);
  const wallS = nowS() - before.wall;
  return { wallS, cpuUs: cpuUs(pid, ticks) - before.cpu, peakRssMib: peakRssMib(pid) };
}

/** How many calls are under way at once while a gateway is saturated, and how many streams and connections there are. */
export const WIDTH = 32;

/** One call behind the other, `WIDTH` times at once, for so long: how many there were. */
export async function saturate(call, ms) {
  let count = 0;
  let open = WIDTH;
  let over = false;
  const again = () => {
    count += 1;
    if (over) open -= 1;
    else call(again);
  };
  for (let index = 0; index < WIDTH; index += 1) call(again);
  await wait(ms);
  over = true;
  while (open > 0) await wait(1);
  return count;
}

const MOST_WARM = 15;

/** Does `run(ms)` until it is warm, and says what the last of them did: how much a second, and microseconds of the gateway each. */
async function spending({ pid, ticks, warmMs, warmCalls }, run) {
  let done = 0;
  for (let turn = 1; ; turn += 1) {
    const before = { cpu: cpuUs(pid, ticks), wall: nowS() };
    const count = await run(warmMs);
    done += count;
    if (done < warmCalls && turn < MOST_WARM) continue;
    const perSecond = count / (nowS() - before.wall);
    return { perSecond, usEach: (cpuUs(pid, ticks) - before.cpu) / count };
  }
}

/** How often the rate is corrected. */
const CORRECTIONS = 3;

/** The rate at which the gateway is busy for half of its time, and at most `most`; `usEach` is what it spends on one. */
const halfOf = ({ most }, usEach) => Math.min(most, 1e6 / usEach / 2);

/**
 * The same for `call`. Not half of what it does when it is saturated: then calls gather, and what they share is paid once. One that comes
 * alone may cost twice as much, so the rate is found with calls that come as they will be measured.
 */
export async function halfLoad(config, call) {
  const saturated = await spending(config, (ms) => saturate(call, ms));
  let perSecond = halfOf(config, saturated.usEach);
  for (let turn = 0; turn < CORRECTIONS; turn += 1) {
    perSecond = halfOf(config, await usOfOne(config, call, perSecond));
  }
  return perSecond;
}

/** What the gateway spends on one of those that come at this rate. */
async function usOfOne({ pid, ticks, warmMs }, call, perSecond) {
  let open = 0;
  let count = 0;
  const pacer = startPacer(perSecond, () => {
    open += 1;
    count += 1;
    call(() => {
      open -= 1;
    });
  });
  const before = cpuUs(pid, ticks);
  await wait(warmMs);
  await pacer.stop();
  while (open > 0) await wait(1);
  return (cpuUs(pid, ticks) - before) / count;
}

/** Half of what is done when `run(ms)` does as much as it can, and at most `most`. */
export async function halfOfMost(config, run) {
  const { perSecond } = await spending(config, run);
  return Math.min(config.most, perSecond / 2);
}

/** As `halfLoad`, where others decide when one comes: by what the gateway spends on one at the rate that `run` finds. */
export async function halfLoadByCost(config, run) {
  const { usEach } = await spending(config, run);
  return halfOf(config, usEach);
}

/** What all these loads give back; the gateway works in half of the turns, so what it spends belongs to half of the time. */
function resultOf(recorder, spent, { perSecond, share = 2 }) {
  const [gateway, direct] = recorder.results();
  const busy = (share * spent.cpuUs) / 1e6 / spent.wallS;
  return { count: gateway.samples, ...spent, perSecond, busy, gateway, direct };
}

/**
 * Sends at `perSecond` in an open loop; `ways[way](done)` makes one call and calls `done()` with its answer. Resolves once
 * both ways have enough and every call has its answer: one that does not come would be the slowest of all.
 */
export async function runOpenLoop(config, { perSecond, ways, failed, share }) {
  const recorder = new Recorder();
  let open = 0;
  const pacer = startPacer(perSecond, (dueMs) => {
    open += 1;
    ways[sliceAt(dueMs).way](() => {
      open -= 1;
      recorder.arrived(dueMs);
    });
  });
  const run = async () => {
    await wait(config.warmMs / 2);
    const spent = await record(recorder, config);
    await pacer.stop();
    for (const limit = nowMs() + LAST_ANSWERS_MS; open > 0; await wait(POLL_MS)) {
      if (nowMs() > limit) throw new Error(`${open} calls have no answer`);
    }
    return resultOf(recorder, spent, { perSecond, share });
  };
  try {
    return await Promise.race([run(), failed]);
  } finally {
    await pacer.stop();
  }
}

/** The same where the service sends in an open loop: messages say when they were due, and `recorder.arrived` was told. */
export async function runReceived(config, { perSecond, recorder, failed }) {
  const run = async () => {
    await wait(config.warmMs / 2);
    return resultOf(recorder, await record(recorder, config), { perSecond });
  };
  return await Promise.race([run(), failed]);
}
