import { Alarm } from '../../async/index.js';
import { RpcError } from '../../status/index.js';

/** Calls `onPassed` at a moment in epoch milliseconds, or soon where that has been. Who gets it clears it. */
export function alarmAt(deadline: number, onPassed: (reason: RpcError) => void): Alarm {
  const alarm = new Alarm({
    onAlarm: () => onPassed(new RpcError('DEADLINE_PASSED', 'the deadline has passed')),
  });
  alarm.set(Math.max(0, deadline - Date.now()));
  return alarm;
}
