export { Alarm, type Sleeper } from './alarm.js';
export { Bell, type WaitLimits } from './bell.js';
export { type CancelSignal, CancelSource } from './cancel-signal.js';
export { createDeferred, type Deferred } from './deferred.js';
export { atEndOfTurn } from './end-of-turn.js';
export { type Identified, IdTable } from './id-table.js';
export { type Listed, OpenList } from './open-list.js';
export { finished, inTurns, type Steps } from './steps.js';
export { MAX_TIMER_MS } from './timer.js';
