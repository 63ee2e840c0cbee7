import { createHook } from 'node:async_hooks';
import type { Test } from 'tap';
import { Alarm } from '../../../gateway/async/index.js';
import { until } from '../../support/http.js';

/** Whose timers are meant: the test and its clients wait with their own. */
const GATEWAY = new URL('../../../gateway/', import.meta.url).pathname;
/** One of each connection to the service; how many there are is seen by the sockets. The other is the one of all alarms, which are counted themselves. */
const SHARED_TIMERS = ['upstream/http2/pool/pooled-connection.ts', 'async/alarm-wheel.ts'];
/** Frames of a stack that are kept. */
const STACK_FRAMES = 40;

/** Watches what one process holds beyond its objects: sockets and everything else that Node counts, and every timer, unreferenced ones too. */
export class Leftovers {
  /** Where each was made. Only the stacks of those that are left are written out: that costs more than all else here. */
  readonly #timers = new Map<number, Error>();
  readonly #warnings: string[] = [];
  readonly #hook = createHook({
    init: (id, type) => {
      if (type !== 'Timeout') return;
      const { stackTraceLimit } = Error;
      Error.stackTraceLimit = STACK_FRAMES;
      this.#timers.set(id, new Error('made here'));
      Error.stackTraceLimit = stackTraceLimit;
    },
    destroy: (id) => void this.#timers.delete(id),
  });
  #handles: Readonly<Record<string, number>> = {};
  #timersBefore: ReadonlySet<number> = new Set();
  #alarmsBefore = 0;

  /** `t`: whoever watches; its teardown ends the watch. */
  constructor(t: Test) {
    this.#hook.enable();
    // Node says so when listeners pile up on anything.
    const onWarning = (warning: Error) => void this.#warnings.push(warning.message);
    process.on('warning', onWarning);
    t.teardown(() => {
      this.#hook.disable();
      process.off('warning', onWarning);
    });
  }

  /** From here on everything that comes has to go. */
  begin(): void {
    this.#handles = handles();
    this.#timersBefore = new Set(this.#timers.keys());
    this.#alarmsBefore = Alarm.count;
  }

  /** Resolves when nothing is left of what has come since `begin`; fails the test when that does not happen. */
  async assertNone(t: Test): Promise<void> {
    const more = () => {
      const now = handles();
      return Object.keys(now).filter((type) => (now[type] ?? 0) > (this.#handles[type] ?? 0));
    };
    await until(t, 'the handles to be those of before', () => more().length === 0);
    if (more().length > 0) t.comment(JSON.stringify({ before: this.#handles, now: handles() }));
    const late = () =>
      [...this.#timers]
        .filter(([id]) => !this.#timersBefore.has(id))
        .map(([, { stack = '' }]) => stack)
        .filter((stack) => stack.includes(GATEWAY) && !SHARED_TIMERS.some((file) => stack.includes(file)));
    await until(t, 'the timers to be those of before', () => late().length === 0);
    for (const stack of late().slice(0, 3)) t.comment(stack);
    const alarms = () => Alarm.count - this.#alarmsBefore;
    await until(t, 'the alarms to be those of before', () => alarms() <= 0);
    t.ok(alarms() <= 0, `${alarms()} alarms are left`);
    t.same(this.#warnings, [], 'no warning');
  }
}

function handles(): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const type of process.getActiveResourcesInfo()) counts[type] = (counts[type] ?? 0) + 1;
  // The test waits with timers itself; those of the gateway are seen by the hook. Immediates and requests to the kernel go by themselves.
  for (const type of [
    'Timeout',
    'Immediate',
    'FSReqPromise',
    'FSReqCallback',
    'TTYWrap',
    'PipeWrap',
    'CloseReq',
  ])
    delete counts[type];
  return counts;
}
