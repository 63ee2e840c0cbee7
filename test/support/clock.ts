import type { Test } from 'tap';
import { Alarm } from '../../gateway/async/index.js';

/** The time of a test. It stands still until the test moves it. */
export interface Clock {
  /** Lets so many milliseconds pass. Timers that become due run in their order, each at its own time. */
  pass(ms: number): void;
  /** The process has no time for so many milliseconds: the clock is ahead, and what became due runs late. */
  stall(ms: number): void;
}

/** A timer of the stopped clock. It keeps no process alive. */
class Timer {
  dueAt: number;
  readonly run: () => void;
  readonly everyMs: number | undefined;

  constructor(dueAt: number, run: () => void, everyMs?: number) {
    this.dueAt = dueAt;
    this.run = run;
    this.everyMs = everyMs;
  }

  ref(): this {
    return this;
  }

  unref(): this {
    return this;
  }
}

/**
 * Stops `setTimeout`, `setInterval` and `performance.now` until the test is over. Sockets and promises go on. For tests of what waits for
 * time and for nothing else: they neither take the time nor depend on how busy the machine is.
 */
export function stopClock(t: Test): Clock {
  const real = { setTimeout, setInterval, clearTimeout, clearInterval };
  const now = performance.now;
  let time = performance.now();
  const timers = new Set<Timer>();
  const add = (timer: Timer) => {
    timers.add(timer);
    return timer;
  };
  type Handler = (...given: readonly unknown[]) => void;
  const clear = (original: (timer: never) => void) => (timer: unknown) => {
    if (timer instanceof Timer) timers.delete(timer);
    else original(timer as never);
  };
  Object.assign(globalThis, {
    setTimeout: (run: Handler, ms = 0, ...given: readonly unknown[]) =>
      add(new Timer(time + Math.max(1, ms), () => run(...given))),
    setInterval: (run: Handler, ms = 0, ...given: readonly unknown[]) =>
      add(new Timer(time + Math.max(1, ms), () => run(...given), Math.max(1, ms))),
    clearTimeout: clear(real.clearTimeout),
    clearInterval: clear(real.clearInterval),
  });
  performance.now = () => time;
  // All alarms of the process wait for one timer, which a test may leave behind, and with it those of the next test.
  Alarm.clockChanged();
  t.teardown(() => {
    Object.assign(globalThis, real);
    performance.now = now;
    Alarm.clockChanged();
  });
  /** Runs what is due until `end`, and no timer twice when the clock is already there. */
  const runUntil = (end: number) => {
    for (;;) {
      let next: Timer | undefined;
      for (const timer of timers) {
        if (timer.dueAt <= end && (next === undefined || timer.dueAt < next.dueAt)) next = timer;
      }
      if (next === undefined) break;
      time = Math.max(time, next.dueAt);
      if (next.everyMs === undefined) timers.delete(next);
      else next.dueAt = time + next.everyMs;
      next.run();
    }
    time = end;
  };
  return {
    pass: (ms) => runUntil(time + ms),
    stall(ms) {
      time += ms;
      runUntil(time);
    },
  };
}
