// Processor time and memory of a process, from Linux' /proc. See proc(5).
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** Ticks a second in /proc/PID/stat; 100 wherever anybody looked, but it is the system's to say. */
export function clockTicks() {
  return Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' })) || 100;
}

/** User and system time of all threads of a process, in microseconds; the step is one tick, 10 ms. */
export function cpuUs(pid, ticks) {
  const { user, system } = ticksOf(pid);
  return ((user + system) * 1e6) / ticks;
}

/** The same without what the kernel does for it. */
export function userUs(pid, ticks) {
  return (ticksOf(pid).user * 1e6) / ticks;
}

function ticksOf(pid) {
  const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // The name is in brackets and may hold anything, brackets too: count from the last one.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return { user: Number(fields[11]), system: Number(fields[12]) };
}

/** The most memory a process has ever had resident, in MiB. */
export function peakRssMib(pid) {
  const found = /^VmHWM:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
  return found === null ? Number.NaN : Number(found[1]) / 1024;
}

/** A clock in seconds. */
export function nowS() {
  return Number(process.hrtime.bigint()) / 1e9;
}

/**
 * What the process `pid` spends between now and `stop()`: `{ cpuUs, besideUs, wallS, peakRssMib }`, where `besideUs` is
 * the processor time of those who work beside it, upstream and load.
 */
export function startMeasure({ pid, beside, ticks }) {
  const besideUs = () => beside.reduce((sum, one) => sum + cpuUs(one, ticks), 0);
  const before = { cpu: cpuUs(pid, ticks), beside: besideUs(), wall: nowS() };
  return {
    stop: () => ({
      cpuUs: cpuUs(pid, ticks) - before.cpu,
      besideUs: besideUs() - before.beside,
      wallS: nowS() - before.wall,
      peakRssMib: peakRssMib(pid),
    }),
  };
}

const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

const FIRST_LIMIT_MS = 15_000;
const POLL_MS = 10;

/** Warming up begins with the first message: until then processes are still starting. */
async function firstCounted(count) {
  const limit = nowS() + FIRST_LIMIT_MS / 1000;
  while (count() === 0) {
    if (nowS() > limit) throw new Error(`nothing arrived within ${FIRST_LIMIT_MS} ms`);
    await wait(POLL_MS);
  }
}

const WARM_POLL_MS = 50;
const MOST_WARM = 15;

/** On a busy machine the time alone warms nothing: at least `warmCount` are done, but not for longer than fifteen times. */
async function warmUp(count, warmMs, warmCount) {
  const limit = nowS() + (MOST_WARM * warmMs) / 1e3;
  await wait(warmMs);
  while (count() < warmCount && nowS() < limit) await wait(WARM_POLL_MS);
}

/**
 * Counts for `measureMs` after `warmMs` and `warmCount`. `count()` is how many were done so far; `failed` rejects when the run
 * is worth nothing any more. The count and the processor time are read in one go, by the process that counts.
 */
export async function measureWindow(
  { warmMs, warmCount = 0, measureMs, failed, ...who },
  count,
  onStart = () => {},
) {
  await Promise.race([firstCounted(count), failed]);
  await Promise.race([warmUp(count, warmMs, warmCount), failed]);
  const before = count();
  onStart();
  const measure = startMeasure(who);
  await Promise.race([wait(measureMs), failed]);
  const spent = measure.stop();
  const done = count() - before;
  if (done === 0) throw new Error('nothing arrived while measuring');
  return { count: done, ...spent };
}

const FIRST_BATCH = 5_000;

/**
 * The same for work that is only known to be done at its end: `run(atLeast)` does so many, sees them arrive, and resolves
 * with how many they were. It warms up with growing numbers, and is measured with what then takes about `measureMs`.
 */
export async function measureBatch({ warmMs, measureMs, ...who }, run) {
  const warmUntil = nowS() + warmMs / 1e3;
  let perSecond = 0;
  for (let batch = FIRST_BATCH; nowS() < warmUntil; batch *= 2) {
    const start = nowS();
    perSecond = (await run(batch)) / (nowS() - start);
  }
  const measure = startMeasure(who);
  const count = await run(Math.ceil((perSecond * measureMs) / 1e3));
  return { count, ...measure.stop() };
}
