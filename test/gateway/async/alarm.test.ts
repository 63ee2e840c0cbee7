import fc from 'fast-check';
import t, { type Test } from 'tap';
import { Alarm } from '../../../gateway/async/alarm.js';
import { AlarmWheel } from '../../../gateway/async/alarm-wheel.js';
import { stopClock } from '../../support/clock.js';

/** A timer of Node counts whole milliseconds, of which the last one may be the second. */
const LATE_MS = 2;

/** Alarms of one wheel that note when they rang. */
function openAlarms(t: Test) {
  const clock = stopClock(t);
  const wheel = new AlarmWheel();
  const rang: { readonly name: string; readonly at: number }[] = [];
  const begun = performance.now();
  const alarm = (name: string, then = () => {}) =>
    new Alarm(
      {
        onAlarm: () => {
          rang.push({ name, at: performance.now() });
          then();
        },
      },
      wheel,
    );
  return { clock, wheel, alarm, begun, rang, names: () => rang.map(({ name }) => name).join(' ') };
}

t.test('an alarm rings once, never early and at most two milliseconds late, whatever its delay', (t) => {
  const { clock, wheel, alarm, begun, rang } = openAlarms(t);
  const delays = [0, 1, 9, 10, 11, 250, 10_239, 10_240, 10_241, 30_000, 3_600_000, 90_000_000];
  for (const delay of delays) alarm(String(delay)).set(delay);
  t.equal(wheel.size, delays.length);
  clock.pass(90_001_000);
  t.equal(rang.length, delays.length);
  for (const { name, at } of rang) {
    const lateMs = at - (begun + Number(name));
    t.ok(lateMs >= 0 && lateMs <= LATE_MS, `${name} ms: ${lateMs} ms late`);
  }
  t.equal(wheel.size, 0);
  t.end();
});

t.test('an alarm that is cleared does not ring, and one that is set again rings at its new time', (t) => {
  const { clock, alarm, names } = openAlarms(t);
  const [cleared, later, sooner] = [alarm('cleared'), alarm('later'), alarm('sooner')];
  for (const one of [cleared, later, sooner]) one.set(100);
  cleared.clear();
  cleared.clear();
  later.set(20_000);
  sooner.set(10);
  t.same([cleared.isSet, later.isSet, sooner.isSet], [false, true, true]);
  clock.pass(50);
  t.equal(names(), 'sooner');
  t.notOk(sooner.isSet);
  clock.pass(19_900);
  t.equal(names(), 'sooner');
  clock.pass(200);
  t.equal(names(), 'sooner later');
  t.end();
});

t.test('an alarm that rings may clear others that are due, and set itself again', (t) => {
  const { clock, alarm, names } = openAlarms(t);
  const second = alarm('second');
  const first = alarm('first', () => {
    second.clear();
    if (names() === 'first') first.set(5);
  });
  first.set(20);
  second.set(20);
  clock.stall(1_000);
  t.equal(names(), 'first');
  clock.pass(100);
  t.equal(names(), 'first first');
  t.end();
});

t.test('any schedule of setting, clearing and waiting rings what is due, and nothing else', (t) => {
  const step = fc.record({
    index: fc.nat(9),
    delay: fc.nat(25_000),
    clear: fc.boolean(),
    wait: fc.nat(9_000),
  });
  const { clock, wheel } = openAlarms(t);
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const due = new Map<number, number>();
      let wrong = 0;
      const alarms = Array.from({ length: 10 }, (_, index): Alarm => {
        const onAlarm = () => {
          const late = performance.now() - (due.get(index) ?? Number.POSITIVE_INFINITY);
          if (!(late >= 0 && late <= LATE_MS)) wrong += 1;
          due.delete(index);
        };
        return new Alarm({ onAlarm }, wheel);
      });
      for (const { index, delay, clear, wait } of steps) {
        if (clear) {
          alarms[index]?.clear();
          due.delete(index);
        } else {
          alarms[index]?.set(delay);
          due.set(index, performance.now() + delay);
        }
        clock.pass(wait);
        for (const at of due.values()) if (performance.now() - at > LATE_MS) wrong += 1;
      }
      clock.pass(25_100);
      return wrong === 0 && due.size === 0 && wheel.size === 0;
    }),
    { numRuns: 200 },
  );
  t.end();
});

t.test('calls that end in time share one timer, which keeps no process alive', (t) => {
  const real = globalThis.setTimeout;
  const timers: NodeJS.Timeout[] = [];
  const counted = (run: () => void, ms: number) => {
    const timer = real(run, ms);
    timers.push(timer);
    return timer;
  };
  globalThis.setTimeout = counted as typeof setTimeout;
  t.teardown(() => {
    globalThis.setTimeout = real;
    for (const timer of timers) clearTimeout(timer);
  });
  const wheel = new AlarmWheel();
  for (let call = 0; call < 1_000; call += 1) {
    const alarm = new Alarm({ onAlarm: () => {} }, wheel);
    alarm.set(30_000);
    alarm.clear();
  }
  t.equal(wheel.size, 0);
  t.equal(timers.length, 1);
  t.notOk(timers[0]?.hasRef());
  t.end();
});

t.test('an alarm that a stopped clock leaves behind holds up none of the next clock', async (t) => {
  const rang: string[] = [];
  const alarm = (name: string) => new Alarm({ onAlarm: () => rang.push(name) });
  const left = alarm('left');
  t.teardown(() => left.clear());
  await t.test('the first clock', async (t) => {
    stopClock(t);
    left.set(500);
  });
  await t.test('the next one', async (t) => {
    const clock = stopClock(t);
    alarm('new').set(36_000);
    clock.pass(36_010);
    t.ok(rang.includes('new'));
  });
});
